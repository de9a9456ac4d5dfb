//! Convolutions and poolings, one input value at a time: each value is added to the outputs whose windows it is in.
//!
//! ```text
//! (1) y[o, p] = b[o] + Σ_{c, k} W[o, c, k] x[c, s p + d k - left]      a convolution: stride s, dilation d
//! (2) y[c, p] = f Σ_k x[c, s p + k - left]                             a pooling: f = 1, or 1 / |window|
//! ```
//!
//! p and k have two components, rows and columns; x is 0 outside of its bounds. One dimension is an image of one row.
//! An input value that is 0 costs one comparison, so the work is that of the events.
//!
//! **Source.** PyTorch's `conv1d`, `conv2d` (cross-correlation, groups) and `avg_pool2d` with its padding counted.

use saturn_cell::Real;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The geometry of a convolution; pairs are rows and columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Convolution {
    /// Channels, rows and columns of the input.
    pub input: [usize; 3],
    /// Output channels; at least 1.
    pub channels: usize,
    /// Rows and columns of the kernel; at least 1.
    pub kernel: [usize; 2],
    /// Steps between windows; at least 1.
    pub stride: [usize; 2],
    /// Rows above, rows below, columns to the left and columns to the right that are added, all 0.
    pub padding: [usize; 4],
    /// Steps between the elements of a kernel; at least 1.
    pub dilation: [usize; 2],
    /// Groups of channels that do not mix; a divisor of both numbers of channels.
    pub groups: usize,
    /// Whether there is b, one an output channel.
    pub bias: bool,
}

/// The geometry of a pooling; pairs are rows and columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pooling {
    /// Channels, rows and columns of the input.
    pub input: [usize; 3],
    /// Rows and columns of a window; at least 1.
    pub kernel: [usize; 2],
    /// Steps between windows; at least 1.
    pub stride: [usize; 2],
    /// Rows above and below, and columns to the left and right, that are added, all 0.
    pub padding: [usize; 2],
    /// Whether windows give their mean and not their sum.
    pub mean: bool,
}

/// Windows along one dimension.
#[derive(Clone, Copy, Debug)]
struct Axis {
    size: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
    after: usize,
}

impl Axis {
    /// Windows that fit; 0 where none does, or where a number is out of range.
    fn windows(&self) -> usize {
        let reach = (self.kernel.checked_sub(1))
            .and_then(|k| k.checked_mul(self.dilation))
            .and_then(|reach| reach.checked_add(1));
        let padded = (self.size.checked_add(self.before)).and_then(|s| s.checked_add(self.after));
        match (padded, reach, self.stride, self.dilation) {
            (Some(padded), Some(reach), 1.., 1..) if padded >= reach && self.size > 0 => {
                (padded - reach) / self.stride + 1
            }
            _ => 0,
        }
    }

    /// The windows that the value at `i` is in, each with its place in the kernel.
    #[inline(always)]
    fn of(self, i: usize) -> impl Iterator<Item = (usize, usize)> {
        let (at, windows) = (i + self.before, self.windows());
        (0..self.kernel).filter_map(move |k| {
            let first = at.checked_sub(k * self.dilation)?;
            let window = first / self.stride;
            (first.is_multiple_of(self.stride) && window < windows).then_some((window, k))
        })
    }
}

fn product(sizes: &[usize]) -> usize {
    sizes
        .iter()
        .fold(1, |product, &size| product.saturating_mul(size))
}

impl Convolution {
    fn axes(&self) -> [Axis; 2] {
        std::array::from_fn(|i| Axis {
            size: self.input[1 + i],
            kernel: self.kernel[i],
            stride: self.stride[i],
            dilation: self.dilation[i],
            before: self.padding[2 * i],
            after: self.padding[2 * i + 1],
        })
    }

    /// Channels, rows and columns of the output.
    pub fn output(&self) -> [usize; 3] {
        let [rows, columns] = self.axes().map(|axis| axis.windows());
        [self.channels, rows, columns]
    }

    /// Numbers in the input.
    pub fn inputs(&self) -> usize {
        product(&self.input)
    }

    /// Numbers in the output.
    pub fn outputs(&self) -> usize {
        product(&self.output())
    }

    /// Rows and columns of W: output channels; input channels of a group times the kernel.
    pub fn weights(&self) -> (usize, usize) {
        let channels = self.input[0] / self.groups.max(1);
        (
            self.channels,
            product(&[channels, self.kernel[0], self.kernel[1]]),
        )
    }

    /// What is wrong with its numbers, in words.
    pub(super) fn fault(&self) -> Option<String> {
        let groups = self.groups;
        if groups == 0
            || !self.input[0].is_multiple_of(groups)
            || !self.channels.is_multiple_of(groups)
        {
            let (from, to) = (self.input[0], self.channels);
            return Some(format!(
                "{groups} groups do not divide its {from} input and {to} output channels"
            ));
        }
        (self.outputs() == 0).then(|| "no window of its kernel fits into its input".to_owned())
    }

    /// Calls `tap(weight, output)` for each window that the value at `index` is in, with positions in W and in y.
    /// W is stored column by column.
    #[inline(always)]
    fn taps(&self, index: usize, mut tap: impl FnMut(usize, usize)) {
        let [channels, height, width] = self.input;
        let [rows, columns] = self.axes();
        let (ys, xs) = (rows.windows(), columns.windows());
        let (c, y, x) = (
            index / (height * width),
            index / width % height,
            index % width,
        );
        let (from, to) = (channels / self.groups, self.channels / self.groups);
        let (group, c) = (c / from, c % from);
        for (wy, ky) in rows.of(y) {
            for (wx, kx) in columns.of(x) {
                let column = (c * self.kernel[0] + ky) * self.kernel[1] + kx;
                for o in group * to..(group + 1) * to {
                    tap(column * self.channels + o, (o * ys + wy) * xs + wx);
                }
            }
        }
    }

    /// (1) Adds W x to `y`; b is there already.
    pub(super) fn add<R: Real>(&self, w: &[R], x: &[R], y: &mut [R]) {
        for (i, &x) in x.iter().enumerate().filter(|(_, x)| **x != R::zero()) {
            self.taps(i, |weight, to| y[to] += w[weight] * x);
        }
    }

    /// (1)ᵀ Adds to the adjoints of W and x what comes through `dy`.
    pub(super) fn add_backward<R: Real>(
        &self,
        w: &[R],
        x: &[R],
        dy: &[R],
        dw: &mut [R],
        dx: &mut [R],
    ) {
        for (i, (&x, dx)) in x.iter().zip(dx).enumerate() {
            self.taps(i, |weight, to| {
                dw[weight] += x * dy[to];
                *dx += w[weight] * dy[to];
            });
        }
    }
}

impl Pooling {
    fn axes(&self) -> [Axis; 2] {
        std::array::from_fn(|i| Axis {
            size: self.input[1 + i],
            kernel: self.kernel[i],
            stride: self.stride[i],
            dilation: 1,
            before: self.padding[i],
            after: self.padding[i],
        })
    }

    /// Channels, rows and columns of the output.
    pub fn output(&self) -> [usize; 3] {
        let [rows, columns] = self.axes().map(|axis| axis.windows());
        [self.input[0], rows, columns]
    }

    /// Numbers in the input.
    pub fn inputs(&self) -> usize {
        product(&self.input)
    }

    /// Numbers in the output.
    pub fn outputs(&self) -> usize {
        product(&self.output())
    }

    /// What is wrong with its numbers, in words.
    pub(super) fn fault(&self) -> Option<String> {
        (self.outputs() == 0).then(|| "no window fits into its input".to_owned())
    }

    /// f.
    fn factor<R: Real>(&self) -> R {
        let size = if self.mean { product(&self.kernel) } else { 1 };
        R::of(1.0 / size as f64)
    }

    #[inline(always)]
    fn taps(&self, index: usize, mut tap: impl FnMut(usize)) {
        let [_, height, width] = self.input;
        let [rows, columns] = self.axes();
        let (ys, xs) = (rows.windows(), columns.windows());
        let (c, y, x) = (
            index / (height * width),
            index / width % height,
            index % width,
        );
        for (wy, _) in rows.of(y) {
            for (wx, _) in columns.of(x) {
                tap((c * ys + wy) * xs + wx);
            }
        }
    }

    /// (2) Adds the pooled `x` to `y`.
    pub(super) fn add<R: Real>(&self, x: &[R], y: &mut [R]) {
        let f = self.factor::<R>();
        for (i, &x) in x.iter().enumerate().filter(|(_, x)| **x != R::zero()) {
            self.taps(i, |to| y[to] += f * x);
        }
    }

    /// (2)ᵀ Adds to the adjoint of x what comes through `dy`.
    pub(super) fn add_backward<R: Real>(&self, dy: &[R], dx: &mut [R]) {
        let f = self.factor::<R>();
        for (i, dx) in dx.iter_mut().enumerate() {
            self.taps(i, |to| *dx += f * dy[to]);
        }
    }
}
