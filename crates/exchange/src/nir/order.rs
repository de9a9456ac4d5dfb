//! The order of execution, from the edges alone.
//!
//! A depth-first search from the Input visits the nodes behind each node in the order of their names, numbers inside
//! names as numbers (2 before 10). Nodes are executed in reverse postorder: every node after those that it receives
//! from, except along edges that lead back to a node whose search is not finished. Such an edge closes a loop, and
//! carries its signal one step later.

use std::cmp::Ordering;
use std::collections::HashSet;

/// The result of a search. Nodes are numbered as they were given.
pub(super) struct Order {
    /// Nodes in the order of execution.
    pub nodes: Vec<usize>,
    /// Edges that close a loop.
    pub back: HashSet<(usize, usize)>,
    /// Nodes that the Input does not reach.
    pub unreached: Vec<usize>,
}

/// Orders nodes by a search from `root`, then from each node that it did not reach.
pub(super) fn order(names: &[&str], after: &[Vec<usize>], root: usize) -> Order {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let mut by_name: Vec<usize> = (0..names.len()).collect();
    by_name.sort_by(|a, b| natural(names[*a], names[*b]));
    let mut rank = vec![0; names.len()];
    for (place, node) in by_name.iter().enumerate() {
        rank[*node] = place;
    }
    let sorted: Vec<Vec<usize>> = (after.iter())
        .map(|after| {
            let mut after = after.clone();
            after.sort_by_key(|node| rank[*node]);
            after
        })
        .collect();

    let mut state = vec![NEW; names.len()];
    let mut back = HashSet::new();
    let mut unreached = Vec::new();
    let mut nodes = Vec::with_capacity(names.len());
    // A stack of its own: a chain of nodes may be longer than the thread's stack is deep.
    let mut path: Vec<(usize, usize)> = Vec::new();
    for start in [root].into_iter().chain(by_name) {
        if state[start] != NEW {
            continue;
        }
        let before = nodes.len();
        state[start] = OPEN;
        path.push((start, 0));
        while let Some((node, next)) = path.last_mut() {
            let (from, Some(to)) = (*node, sorted[*node].get(*next).copied()) else {
                state[*node] = DONE;
                nodes.push(*node);
                path.pop();
                continue;
            };
            *next += 1;
            match state[to] {
                NEW => {
                    state[to] = OPEN;
                    path.push((to, 0));
                }
                OPEN => {
                    back.insert((from, to));
                }
                _ => (),
            }
        }
        if start != root {
            unreached.extend(&nodes[before..]);
        }
    }
    nodes.reverse();
    Order {
        nodes,
        back,
        unreached,
    }
}

/// A loop through nodes without state, if there is one.
pub(super) fn stateless_loop(after: &[Vec<usize>], has_state: &[bool]) -> Option<Vec<usize>> {
    let mut on_path = vec![false; after.len()];
    let mut done = has_state.to_vec();
    let mut path: Vec<(usize, usize)> = Vec::new();
    for start in 0..after.len() {
        if done[start] {
            continue;
        }
        on_path[start] = true;
        path.push((start, 0));
        while let Some((node, next)) = path.last_mut() {
            let Some(to) = after[*node].get(*next).copied() else {
                on_path[*node] = false;
                done[*node] = true;
                path.pop();
                continue;
            };
            *next += 1;
            if on_path[to] {
                let first = path.iter().position(|(node, _)| *node == to)?;
                return Some(path[first..].iter().map(|(node, _)| *node).collect());
            }
            if !done[to] {
                on_path[to] = true;
                path.push((to, 0));
            }
        }
    }
    None
}

/// Names as people order them: digits inside are numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        match (left.chars().next(), right.chars().next()) {
            (None, None) => return a.cmp(b),
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let number = |text: &str| {
                    let end = text.find(|c: char| !c.is_ascii_digit());
                    end.unwrap_or(text.len())
                };
                let (m, n) = (number(left), number(right));
                let (p, q) = (
                    left[..m].trim_start_matches('0'),
                    right[..n].trim_start_matches('0'),
                );
                let compared = p.len().cmp(&q.len()).then_with(|| p.cmp(q));
                if compared != Ordering::Equal {
                    return compared;
                }
                (left, right) = (&left[m..], &right[n..]);
            }
            (Some(x), Some(y)) if x == y => {
                (left, right) = (&left[x.len_utf8()..], &right[y.len_utf8()..]);
            }
            (Some(x), Some(y)) => return x.cmp(&y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_numbers() {
        let mut names = ["10", "2", "lif10", "lif2", "a", "02", ""];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["", "02", "2", "10", "a", "lif2", "lif10"]);
    }

    #[test]
    fn an_edge_that_goes_back_closes_the_loop() {
        // in -> lif -> out, lif -> w -> lif
        let after = [vec![1], vec![2, 3], vec![], vec![1]];
        let found = order(&["in", "lif", "out", "w"], &after, 0);
        assert_eq!(found.nodes, [0, 1, 3, 2]);
        assert_eq!(found.back, HashSet::from([(3, 1)]));
        assert!(found.unreached.is_empty());
        assert_eq!(stateless_loop(&after, &[false, true, false, false]), None);
        let bare = stateless_loop(&after, &[false; 4]).unwrap();
        assert_eq!(bare, [1, 3]);
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let count = 100_000;
        let names: Vec<String> = (0..count).map(|k| k.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let after: Vec<Vec<usize>> = (0..count)
            .map(|k| if k + 1 < count { vec![k + 1] } else { vec![] })
            .collect();
        let found = order(&names, &after, 0);
        assert!(found.nodes.iter().copied().eq(0..count));
        assert_eq!(stateless_loop(&after, &vec![false; count]), None);
    }
}
