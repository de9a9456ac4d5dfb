//! The instruction set that the kernels run on: one for the whole process, chosen before the first kernel runs.
//!
//! | set | registers | products | in |
//! |---|---|---|---|
//! | `avx512` | 512 bits | fused | x86-64-v4: AVX-512 F, BW, CD, DQ and VL |
//! | `avx2` | 256 bits | fused | x86-64-v3: AVX2 and FMA |
//! | `neon` | 128 bits | fused, but for those of one row or column | 64-bit ARM |
//! | `plain` | those of the target | rounded twice | every other processor |
//!
//! A fused product is added to its sum with one rounding. `avx2` and `avx512` give the same bits, and tests hold every
//! kernel to that: elementwise loops and gathers do not contract, dense products add in one order in blocks whose
//! length is fixed ([`DEPTH`](super::tiles::DEPTH)), and dot products have sixteen sums of `f32` or eight of `f64` on
//! both (see [`dots`](super::dots)). Nothing is read from the machine but which sets it has.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};

use thiserror::Error;

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Isa {
    /// What every processor of the target has.
    Plain = 1,
    /// 64-bit ARM.
    Neon = 2,
    /// x86-64-v3.
    Avx2 = 3,
    /// x86-64-v4.
    Avx512 = 4,
}

/// Why an instruction set cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IsaError {
    /// No set has this name.
    #[error("no instruction set is called `{0}`; there are {names}", names = names(Isa::ALL))]
    Unknown(String),
    /// The machine lacks it.
    #[error(
        "this machine lacks the instruction set `{0}`; it has {names}: choose one of these, on every machine whose results \
         are to be compared",
        names = names(Isa::ALL.into_iter().filter(|isa| isa.is_supported()))
    )]
    Missing(Isa),
    /// Kernels have run on another one.
    #[error(
        "the instruction set is `{current}` already and cannot become `{asked}`: choose it once, before anything is computed"
    )]
    Decided {
        /// The set that was asked for.
        asked: Isa,
        /// The set in use.
        current: Isa,
    },
}

/// Names in a row, for messages.
fn names(sets: impl IntoIterator<Item = Isa>) -> String {
    let names: Vec<&str> = sets.into_iter().map(Isa::name).collect();
    names.join(", ")
}

/// The set of this process; 0 until it is decided.
static CURRENT: AtomicU8 = AtomicU8::new(0);

impl Isa {
    /// All of them, the widest last.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Neon, Self::Avx2, Self::Avx512];

    /// Its name in options and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Whether this machine has it. `plain` runs everywhere but on ARM, where NEON is what every processor has.
    pub fn is_supported(self) -> bool {
        let arm = cfg!(target_arch = "aarch64");
        match self {
            Self::Plain => !arm,
            Self::Neon => arm,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => pulp::x86::V3::try_new().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => pulp::x86::V4::try_new().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    /// The widest that this machine has.
    pub fn best() -> Self {
        let mut widest_first = Self::ALL.into_iter().rev();
        // One of `plain` and `neon` runs on every machine.
        widest_first
            .find(|isa| isa.is_supported())
            .unwrap_or(Self::Plain)
    }

    /// The set of this process. The first call decides on [`best`](Self::best), unless [`choose`](Self::choose) has
    /// decided.
    #[inline]
    pub fn current() -> Self {
        match CURRENT.load(Ordering::Relaxed) {
            1 => Self::Plain,
            2 => Self::Neon,
            3 => Self::Avx2,
            4 => Self::Avx512,
            _ => Self::decide(),
        }
    }

    #[cold]
    fn decide() -> Self {
        // Whoever comes second takes what the first has decided.
        let _ = Self::best().choose();
        Self::current()
    }

    /// Makes this the set of the process. Once it is decided, the same choice has no effect.
    ///
    /// # Errors
    /// If the machine lacks the set, or another one is in use.
    pub fn choose(self) -> Result<(), IsaError> {
        if !self.is_supported() {
            return Err(IsaError::Missing(self));
        }
        let set = CURRENT.compare_exchange(0, self as u8, Ordering::Relaxed, Ordering::Relaxed);
        match (set, Self::current()) {
            (Err(_), current) if current != self => Err(IsaError::Decided {
                asked: self,
                current,
            }),
            _ => Ok(()),
        }
    }

    /// Whether both give the same bits.
    pub fn has_bits_of(self, other: Self) -> bool {
        self == other || (self.is_wide_x86() && other.is_wide_x86())
    }

    /// AVX2 or AVX-512, both with fused products.
    pub(super) fn is_wide_x86(self) -> bool {
        matches!(self, Self::Avx2 | Self::Avx512)
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Isa {
    type Err = IsaError;

    fn from_str(name: &str) -> Result<Self, IsaError> {
        let mut all = Self::ALL.into_iter();
        all.find(|isa| isa.name() == name)
            .ok_or_else(|| IsaError::Unknown(name.to_owned()))
    }
}

/// Runs `op` in the registers of `isa`.
#[inline(always)]
pub(super) fn dispatch<Op: pulp::WithSimd>(isa: Isa, op: Op) -> Op::Output {
    #[cfg(target_arch = "x86_64")]
    {
        use pulp::Simd;
        match isa {
            Isa::Avx512 => {
                if let Some(simd) = pulp::x86::V4::try_new() {
                    return Simd::vectorize(simd, op);
                }
            }
            Isa::Avx2 => {
                if let Some(simd) = pulp::x86::V3::try_new() {
                    return Simd::vectorize(simd, op);
                }
            }
            Isa::Plain | Isa::Neon => {}
        }
        Simd::vectorize(pulp::Scalar, op)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = isa;
        pulp::Arch::new().dispatch(op)
    }
}

/// Compiles a function for every instruction set; a call runs the copy of the process's [`Isa`].
///
/// The body is compiled once for each set, with everything in it that is marked `#[inline(always)]`. A closure in it
/// that is called by a function which is not, such as an iterator's adaptor, stays a call: write a loop. Arguments are
/// names, and can be changed in the body.
///
/// ```
/// use saturn_cell::Real;
///
/// saturn_cell::for_each_isa! {
///     /// `y = a x`.
///     fn scale<R: Real>(a: R, x: &[R], y: &mut [R]) {
///         for (y, &x) in y.iter_mut().zip(x) {
///             *y = a * x;
///         }
///     }
/// }
///
/// let mut y = [0.0; 2];
/// scale(2.0, &[1.0, 3.0], &mut y);
/// assert_eq!(y, [2.0, 6.0]);
/// ```
#[macro_export]
macro_rules! for_each_isa {
    ($(#[$attribute:meta])* $vis:vis fn $name:ident $(<$($real:ident: $bound:path),+>)?
        ($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$attribute])*
        $vis fn $name $(<$($real: $bound),+>)? ($($arg: $type),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            #[allow(unused_mut)] // An argument is mutable for those bodies that change it.
            #[target_feature(enable = "avx512f,avx512vl")]
            fn avx512 $(<$($real: $bound),+>)? ($(mut $arg: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            #[allow(unused_mut)]
            #[target_feature(enable = "avx2")]
            fn avx2 $(<$($real: $bound),+>)? ($(mut $arg: $type),*) $(-> $result)? $body

            #[allow(unused_mut)]
            #[inline(always)]
            fn plain $(<$($real: $bound),+>)? ($(mut $arg: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)] // A process's set is one that the machine has.
            {
                match $crate::kernel::Isa::current() {
                    // SAFETY: the machine has the instructions.
                    $crate::kernel::Isa::Avx512 => {
                        return unsafe { avx512 $(::<$($real),+>)? ($($arg),*) };
                    }
                    // SAFETY: as above.
                    $crate::kernel::Isa::Avx2 => {
                        return unsafe { avx2 $(::<$($real),+>)? ($($arg),*) };
                    }
                    _ => {}
                }
            }
            plain $(::<$($real),+>)? ($($arg),*)
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_have_names() {
        for isa in Isa::ALL {
            assert_eq!(isa.name().parse(), Ok(isa));
            assert_eq!(isa.to_string(), isa.name());
        }
        let error = "sse9".parse::<Isa>().unwrap_err().to_string();
        assert_eq!(
            error,
            "no instruction set is called `sse9`; there are plain, neon, avx2, avx512"
        );
    }

    /// One choice a process: the same one again is none, another one is refused, and so is one that is missing.
    #[test]
    fn a_process_has_one_set() {
        let current = Isa::current();
        assert!(current.is_supported());
        assert_eq!(current.choose(), Ok(()));
        let others = Isa::ALL.into_iter().filter(|&isa| isa != current);
        for asked in others {
            let error = asked.choose().unwrap_err();
            let expected = if asked.is_supported() {
                IsaError::Decided { asked, current }
            } else {
                IsaError::Missing(asked)
            };
            assert_eq!(error, expected);
            assert_eq!(Isa::current(), current);
        }
        assert_eq!(current, Isa::best());
        // NEON and the sets of x86-64 are never in one machine.
        let missing = if cfg!(target_arch = "aarch64") {
            Isa::Avx2
        } else {
            Isa::Neon
        };
        let text = missing.choose().unwrap_err().to_string();
        assert!(
            text.contains(&format!("lacks the instruction set `{missing}`; it has ")),
            "{text}"
        );
        assert!(text.contains(current.name()), "{text}");
    }

    #[test]
    fn avx2_and_avx512_alone_are_one_arithmetic() {
        for a in Isa::ALL {
            for b in Isa::ALL {
                let one = |isa: Isa| isa == Isa::Avx2 || isa == Isa::Avx512;
                assert_eq!(a.has_bits_of(b), a == b || (one(a) && one(b)), "{a} {b}");
            }
        }
    }
}
