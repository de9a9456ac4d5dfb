//! The C functions that the sources may need, each with the ones that it calls. They repeat the arithmetic of the cells'
//! functions, operation by operation: see [`saturn_cell::elementary`] and [`crate::step`].
//!
//! √ is rounded correctly: with x = m 2^e, m of 24 or 25 bits and e odd, the root of m 2^25 has 25 bits, which are found
//! one by one, and the last of which rounds.

/// The functions by name, a function after those that it calls: what it needs, and its text. `@` is the prefix.
pub(super) const FUNCTIONS: &[(&str, &[&str], &str)] = &[
    ("bits", &[], BITS),
    ("exp", &["bits"], EXP),
    ("tanh", &[], TANH),
    ("sigmoid", &["exp"], SIGMOID),
    ("sqrt", &["bits"], SQRT),
    ("softplus", &["exp"], SOFTPLUS),
    ("floor", &[], FLOOR),
    ("turned", &["bits"], TURNED),
    ("sin", &["turned"], SIN),
    ("cos", &["turned"], COS),
    ("sum", &[], SUM),
    ("softmax", &["exp"], SOFTMAX),
];

const BITS: &str = "\
union @_bits {
    float number;
    uint32_t bits;
};
";

const EXP: &str = "\
/* exp x, within 4 units in the last place; 0 below -104 and infinite above 89. */
static float @_exp(float x)
{
    union @_bits shifted, low, high;
    float n, r, p;
    uint32_t whole, half;
    x = x < -104.0f ? -104.0f : x;
    x = x > 89.0f ? 89.0f : x;
    shifted.number = x * 1.442695f + 12582912.0f;
    n = shifted.number - 12582912.0f;
    r = (x - n * 0.6933594f) - n * -0.00021219444f;
    p = 0.00019875691f;
    p = p * r + 0.0013982f;
    p = p * r + 0.008333452f;
    p = p * r + 0.041665796f;
    p = p * r + 0.16666665f;
    p = p * r + 0.50000003f;
    p = (p * r) * r + r + 1.0f;
    /* 2 to the n in two factors: n + 256, and its half. */
    whole = shifted.bits - 0x4b400000u + 256u;
    half = whole >> 1;
    low.bits = (half - 1u) << 23;
    high.bits = (whole - half - 1u) << 23;
    return p * low.number * high.number;
}
";

const TANH: &str = "\
/* tanh x, within 7 units in the last place, never beyond 1. */
static float @_tanh(float x)
{
    float square, p, q;
    x = x < -7.9988117f ? -7.9988117f : x;
    x = x > 7.9988117f ? 7.9988117f : x;
    square = x * x;
    p = -2.7607684e-16f;
    p = p * square + 2.000188e-13f;
    p = p * square + -8.604672e-11f;
    p = p * square + 5.1222973e-8f;
    p = p * square + 0.000014857223f;
    p = p * square + 0.00063726194f;
    p = p * square + 0.0048935246f;
    q = 0.0000011982584f;
    q = q * square + 0.00011853471f;
    q = q * square + 0.0022684346f;
    q = q * square + 0.0048935253f;
    return x * p / q;
}
";

const SIGMOID: &str = "\
/* 1 / (1 + exp(-x)), within 4 units in the last place. */
static float @_sigmoid(float x)
{
    return 1.0f / (1.0f + @_exp(-x));
}
";

const SQRT: &str = "\
/* The root of x, rounded correctly; 0 where x is not above 0. */
static float @_sqrt(float x)
{
    union @_bits number, scale;
    uint64_t square, root = 0, bit;
    int32_t exponent;
    float small = 1.0f;
    if (!(x > 0.0f) || x > 3.4028235e38f) {
        return x > 0.0f ? x : 0.0f;
    }
    if (x < 1.1754944e-38f) {
        x = x * 16777216.0f;
        small = 0.00024414063f;
    }
    number.number = x;
    exponent = (int32_t)(number.bits >> 23) - 150;
    square = (number.bits & 0x7fffffu) | 0x800000u;
    if (exponent % 2 == 0) {
        square <<= 1;
        exponent -= 1;
    }
    square <<= 25;
    for (bit = (uint64_t)1 << 24; bit > 0; bit >>= 1) {
        const uint64_t next = root | bit;
        if (next * next <= square) {
            root = next;
        }
    }
    scale.bits = (uint32_t)((exponent - 23) / 2 + 127) << 23;
    return (float)(uint32_t)((root + 1) >> 1) * scale.number * small;
}
";

const SOFTPLUS: &str = "\
/* ln(1 + exp x), within 4 units in the last place. */
static float @_softplus(float x)
{
    const float positive = x > 0.0f ? x : 0.0f;
    const float u = @_exp(x > 0.0f ? -x : x);
    const float z = u / (2.0f + u);
    const float square = z * z;
    float p = 0.0f;
    p = p * square + 0.06666667f;
    p = p * square + 0.07692308f;
    p = p * square + 0.09090909f;
    p = p * square + 0.11111111f;
    p = p * square + 0.14285715f;
    p = p * square + 0.2f;
    p = p * square + 0.33333334f;
    p = p * square + 1.0f;
    return positive + 2.0f * z * p;
}
";

const FLOOR: &str = "\
/* The greatest whole number that is not above x; numbers from 2 to the 23 on are whole. */
static float @_floor(float x)
{
    float whole;
    if (!(x > -8388608.0f && x < 8388608.0f)) {
        return x;
    }
    whole = (float)(int32_t)x;
    return whole > x ? whole - 1.0f : whole;
}
";

const TURNED: &str = "\
/* sin(x + quarters pi/2), within 1e-7 for x up to 8192 in size. */
static float @_turned(float x, uint32_t quarters)
{
    union @_bits shifted;
    float k, r, square, size;
    uint32_t quadrant;
    shifted.number = x * 0.63661975f + 12582912.0f;
    k = shifted.number - 12582912.0f;
    r = ((x - k * 1.5703125f) - k * 0.0004837513f) - k * 7.54979e-8f;
    square = r * r;
    quadrant = shifted.bits + quarters;
    if (quadrant & 1u) {
        size = ((2.4433157e-5f * square - 0.0013887316f) * square + 0.041666646f) * square * square
            - 0.5f * square + 1.0f;
    } else {
        size = ((-0.00019515296f * square + 0.008332161f) * square - 0.16666655f) * square * r + r;
    }
    return quadrant & 2u ? -size : size;
}
";

const SIN: &str = "\
static float @_sin(float x)
{
    return @_turned(x, 0u);
}
";

const COS: &str = "\
static float @_cos(float x)
{
    return @_turned(x, 1u);
}
";

const SUM: &str = "\
/* The sum of x, in sixteen sums. */
static float @_sum(const float *x, size_t count)
{
    float sums[16] = {0.0f}, all = 0.0f;
    size_t i;
    for (i = 0; i < count; i++) {
        sums[i % 16] += x[i];
    }
    for (i = 0; i < 16; i++) {
        all += sums[i];
    }
    return all;
}
";

const SOFTMAX: &str = "\
/* The softmax of x. */
static void @_softmax(float *restrict y, const float *restrict x, size_t count)
{
    float top = x[0], sum = 0.0f;
    size_t i;
    for (i = 1; i < count; i++) {
        top = x[i] > top ? x[i] : top;
    }
    for (i = 0; i < count; i++) {
        y[i] = @_exp(x[i] - top);
        sum += y[i];
    }
    for (i = 0; i < count; i++) {
        y[i] /= sum;
    }
}
";
