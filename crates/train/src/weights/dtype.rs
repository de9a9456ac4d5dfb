//! The types of numbers that are read.

use safetensors::tensor::Dtype;

/// The types that are read.
const READ: [Dtype; 4] = [Dtype::F32, Dtype::F64, Dtype::F16, Dtype::BF16];

/// Whether numbers of this type are read.
pub fn is_read(dtype: Dtype) -> bool {
    READ.contains(&dtype)
}

/// The numbers in `bytes`, in f64, which holds every value of the types that are read.
pub fn numbers(dtype: Dtype, bytes: &[u8]) -> Vec<f64> {
    fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        let (numbers, _) = bytes.as_chunks::<N>();
        numbers.iter().map(|b| number(*b)).collect()
    }
    match dtype {
        Dtype::F64 => each(bytes, f64::from_le_bytes),
        Dtype::F16 => each(bytes, |b| half::f16::from_le_bytes(b).to_f64()),
        Dtype::BF16 => each(bytes, |b| half::bf16::from_le_bytes(b).to_f64()),
        // `check` has let no other through.
        _ => each(bytes, |b| f64::from(f32::from_le_bytes(b))),
    }
}
