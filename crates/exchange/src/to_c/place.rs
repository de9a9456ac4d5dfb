//! Where values are kept between the pieces of a [plan](super::plan).

use std::collections::BTreeMap;

use super::piece::{Piece, adds_in_place, origin};
use crate::step::program::{Op, Program, Value};

/// Where a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the scratch memory, from this number on.
    Scratch(usize),
    /// In this state, from this number on.
    State(usize, usize),
    /// Where the caller wants the probabilities.
    Output,
}

/// When a value is read: by which pieces, and from which element on; none where elements are picked one by one.
struct Read {
    piece: usize,
    first: Option<usize>,
}

struct Planner<'a> {
    program: &'a Program<f32>,
    pieces: &'a [Piece],
    /// The piece that makes each value.
    made: Vec<Option<usize>>,
    /// The reads of each value.
    reads: Vec<Vec<Read>>,
}

/// The place of each value that is kept, and how many numbers the scratch memory has.
pub(super) fn places(program: &Program<f32>, pieces: &[Piece]) -> (Vec<Option<Place>>, usize) {
    let n = program.instructions.len();
    let mut planner = Planner {
        program,
        pieces,
        made: vec![None; n],
        reads: (0..n).map(|_| Vec::new()).collect(),
    };
    for (piece, values) in pieces.iter().enumerate() {
        for value in values.makes() {
            planner.made[value.0] = Some(piece);
            for read in program.at(*value).op.reads() {
                let (from, first) = origin(program, read);
                planner.reads[from.0].push(Read { piece, first });
            }
        }
    }
    // The end of the step reads the results.
    for value in program.results() {
        let (from, first) = origin(program, value);
        let piece = pieces.len();
        planner.reads[from.0].push(Read { piece, first });
    }
    planner.place()
}

impl Planner<'_> {
    fn place(&self) -> (Vec<Option<Place>>, usize) {
        let n = self.made.len();
        // Values that are parts of others, with their first element there.
        let mut within: BTreeMap<Value, (Value, usize)> = BTreeMap::new();
        for value in (0..n).map(Value).filter(|v| self.made[v.0].is_some()) {
            self.find_parts(value, &mut within);
        }
        let mut places = vec![None; n];
        places[self.program.probabilities.0] = Some(Place::Output);
        for (state, own) in self.program.states.iter().enumerate() {
            let next = own.next;
            if places[next.0].is_none() && self.fits_into(state, next, &within) {
                places[next.0] = Some(Place::State(state, 0));
            }
        }
        // Roots, in the order in which they begin.
        let mut roots: BTreeMap<Value, (usize, usize)> = BTreeMap::new();
        for value in (0..n).map(Value).filter(|v| self.is_kept(*v)) {
            let root = root(&within, value).0;
            if places[root.0].is_none() {
                let (first, last) = self.life(value);
                let life = roots.entry(root).or_insert((first, last));
                *life = (life.0.min(first), life.1.max(last));
            }
        }
        let mut lives: Vec<(usize, usize, Value)> = (roots.into_iter())
            .map(|(root, (first, last))| (first, last, root))
            .collect();
        lives.sort_unstable();
        let mut taken: Vec<(usize, usize, usize)> = Vec::new();
        let mut scratch = 0;
        for (first, last, root) in lives {
            let len = self.program.len(root);
            let start = free(&mut taken, first, len);
            taken.push((start, start + len, last));
            scratch = scratch.max(start + len);
            places[root.0] = Some(Place::Scratch(start));
        }
        for value in (0..n).map(Value).filter(|v| self.is_kept(*v)) {
            let (root, first) = root(&within, value);
            places[value.0] = places[root.0].map(|place| match place {
                Place::Scratch(at) => Place::Scratch(at + first),
                Place::State(state, at) => Place::State(state, at + first),
                Place::Output => Place::Output,
            });
        }
        (places, scratch)
    }

    /// Finds what is made right within `value`: parts of a concatenation, and what a product starts from.
    fn find_parts(&self, value: Value, within: &mut BTreeMap<Value, (Value, usize)>) {
        let op = &self.program.at(value).op;
        if let Op::Concat(parts) = op {
            let mut first = 0;
            for part in parts {
                let once = parts.iter().filter(|other| *other == part).count() == 1;
                if once && self.is_kept(*part) && !within.contains_key(part) {
                    within.insert(*part, (value, first));
                }
                first += self.program.len(*part);
            }
        }
        if let Some(start) = adds_in_place(self.program, value) {
            let last = self.reads[start.0]
                .iter()
                .all(|read| Some(read.piece) <= self.made[value.0]);
            let alone = self.reads[start.0].len() == 1;
            if last && alone && self.is_kept(start) && !within.contains_key(&start) {
                within.insert(start, (value, 0));
            }
        }
    }

    /// Whether a value is read by another piece than the one that makes it.
    fn is_kept(&self, value: Value) -> bool {
        self.made[value.0].is_some_and(|made| {
            matches!(self.pieces[made], Piece::One(_))
                || self.reads[value.0].iter().any(|read| read.piece != made)
        })
    }

    /// The pieces from which and up to which a value is needed.
    fn life(&self, value: Value) -> (usize, usize) {
        let first = self.made[value.0].unwrap_or(0);
        let last = self.reads[value.0].iter().map(|read| read.piece).max();
        (first, last.unwrap_or(first))
    }

    /// Whether `next` can be made right in the memory of `state`: loops make all of it, and none of its old elements is
    /// read after it is written.
    fn fits_into(
        &self,
        state: usize,
        next: Value,
        within: &BTreeMap<Value, (Value, usize)>,
    ) -> bool {
        let mut written: Vec<(usize, usize, usize)> = Vec::new();
        match &self.program.at(next).op {
            Op::Concat(parts) => {
                for part in parts {
                    match (within.get(part), self.made[part.0]) {
                        (Some((whole, first)), Some(made)) if *whole == next => {
                            written.push((made, *first, self.program.len(*part)));
                        }
                        _ => return false,
                    }
                }
            }
            op if op.is_elementwise() => {
                let made = self.made[next.0].unwrap_or(0);
                written.push((made, 0, self.program.len(next)));
            }
            _ => return false,
        }
        let is_loop = |piece: usize| matches!(self.pieces[piece], Piece::Loop { .. });
        if within.contains_key(&next) || !written.iter().all(|(made, ..)| is_loop(*made)) {
            return false;
        }
        let old = (self.program.instructions.iter().enumerate())
            .filter(|(_, instruction)| instruction.op == Op::State(state));
        let mut reads = old.flat_map(|(i, _)| &self.reads[i]);
        reads.all(|read| {
            written.iter().all(|&(made, at, len)| match read.first {
                _ if read.piece < made => true,
                Some(first) if read.piece == made => first == at || first.abs_diff(at) >= len,
                _ => false,
            })
        })
    }
}

/// The value that `value` is made within, and its first element there.
fn root(within: &BTreeMap<Value, (Value, usize)>, value: Value) -> (Value, usize) {
    match within.get(&value) {
        Some(&(whole, first)) => {
            let (root, offset) = root(within, whole);
            (root, offset + first)
        }
        None => (value, 0),
    }
}

/// The first gap of `len` numbers among those that are needed at piece `now` or later.
fn free(taken: &mut Vec<(usize, usize, usize)>, now: usize, len: usize) -> usize {
    taken.retain(|(_, _, last)| *last >= now);
    taken.sort_unstable();
    let mut start = 0;
    for (from, to, _) in taken.iter() {
        if start + len <= *from {
            break;
        }
        start = start.max(*to);
    }
    start
}
