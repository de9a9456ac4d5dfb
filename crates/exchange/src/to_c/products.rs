//! The C functions of products with matrices, in full and in codes; see (1) to (5) of [`crate::step::program`]. `@` is the
//! prefix.

/// The functions by name, what they need, and their text.
pub(super) const PRODUCTS: &[(&str, &[&str], &str)] = &[
    ("add_columns", &[], ADD_COLUMNS),
    ("add_active", &[], ADD_ACTIVE),
    ("add_events", &[], ADD_EVENTS),
    ("add_rows", &[], ADD_ROWS),
    ("add_columns_int8", &[], ADD_COLUMNS_INT8),
    ("add_active_int8", &[], ADD_ACTIVE_INT8),
    ("add_events_int8", &[], ADD_EVENTS_INT8),
    ("add_rows_int8", &[], ADD_ROWS_INT8),
    ("convolve", &[], CONVOLVE),
    ("convolve_int8", &[], CONVOLVE_INT8),
];

const ADD_COLUMNS: &str = "\
/* y += W x, four columns at a time; W is stored column by column. */
static void @_add_columns(float *restrict y, const float *restrict w, size_t rows,
                          const float *restrict x, size_t columns)
{
    const size_t fours = columns - columns % 4;
    size_t k, i;
    for (k = 0; k < fours; k += 4) {
        const float *const a = w, *const b = a + rows, *const c = b + rows, *const d = c + rows;
        const float x0 = x[k], x1 = x[k + 1], x2 = x[k + 2], x3 = x[k + 3];
        for (i = 0; i < rows; i++) {
            y[i] = y[i] + a[i] * x0 + b[i] * x1 + c[i] * x2 + d[i] * x3;
        }
        w = d + rows;
    }
    for (; k < columns; k++) {
        for (i = 0; i < rows; i++) {
            y[i] = y[i] + w[i] * x[k];
        }
        w += rows;
    }
}
";

const ADD_ACTIVE: &str = "\
/* y += W x over the columns where x is not 0: events and spikes. */
static void @_add_active(float *restrict y, const float *restrict w, size_t rows,
                         const float *restrict x, size_t columns)
{
    size_t k, i;
    for (k = 0; k < columns; k++) {
        const float one = x[k];
        if (one != 0.0f) {
            for (i = 0; i < rows; i++) {
                y[i] = y[i] + w[i] * one;
            }
        }
        w += rows;
    }
}
";

const ADD_EVENTS: &str = "\
/* y += the column of W of each event. */
static void @_add_events(float *restrict y, const float *restrict w, size_t rows,
                         const uint16_t *restrict events, size_t count, size_t columns)
{
    size_t e, i;
    for (e = 0; e < count; e++) {
        if (events[e] < columns) {
            const float *const column = w + events[e] * rows;
            for (i = 0; i < rows; i++) {
                y[i] = y[i] + column[i];
            }
        }
    }
}
";

const ADD_ROWS: &str = "\
/* y += the transpose of W times x; W [n, count] is stored column by column. */
static void @_add_rows(float *restrict y, size_t count, const float *restrict w,
                       const float *restrict x, size_t n)
{
    size_t j, i;
    for (j = 0; j < count; j++) {
        float sum = y[j];
        for (i = 0; i < n; i++) {
            sum = sum + w[i] * x[i];
        }
        y[j] = sum;
        w += n;
    }
}
";

const ADD_COLUMNS_INT8: &str = "\
/* y = start + q (N x), four columns at a time; N is stored column by column. */
static void @_add_columns_int8(float *restrict y, const int8_t *restrict w, size_t rows,
                               const float *restrict x, size_t columns)
{
    const size_t fours = columns - columns % 4;
    size_t k, i;
    for (k = 0; k < fours; k += 4) {
        const int8_t *const a = w, *const b = a + rows, *const c = b + rows, *const d = c + rows;
        const float x0 = x[k], x1 = x[k + 1], x2 = x[k + 2], x3 = x[k + 3];
        for (i = 0; i < rows; i++) {
            y[i] = y[i] + (float)a[i] * x0 + (float)b[i] * x1 + (float)c[i] * x2 + (float)d[i] * x3;
        }
        w = d + rows;
    }
    for (; k < columns; k++) {
        for (i = 0; i < rows; i++) {
            y[i] = y[i] + (float)w[i] * x[k];
        }
        w += rows;
    }
}
";

const ADD_ACTIVE_INT8: &str = "\
/* y += N x over the columns where x is not 0. */
static void @_add_active_int8(float *restrict y, const int8_t *restrict w, size_t rows,
                              const float *restrict x, size_t columns)
{
    size_t k, i;
    for (k = 0; k < columns; k++) {
        const float one = x[k];
        if (one != 0.0f) {
            for (i = 0; i < rows; i++) {
                y[i] = y[i] + (float)w[i] * one;
            }
        }
        w += rows;
    }
}
";

const ADD_EVENTS_INT8: &str = "\
/* y += the column of N of each event. */
static void @_add_events_int8(float *restrict y, const int8_t *restrict w, size_t rows,
                              const uint16_t *restrict events, size_t count, size_t columns)
{
    size_t e, i;
    for (e = 0; e < count; e++) {
        if (events[e] < columns) {
            const int8_t *const column = w + events[e] * rows;
            for (i = 0; i < rows; i++) {
                y[i] = y[i] + (float)column[i];
            }
        }
    }
}
";

const ADD_ROWS_INT8: &str = "\
/* y += the transpose of N times (q x); N [n, count] is stored column by column. */
static void @_add_rows_int8(float *restrict y, size_t count, const int8_t *restrict w,
                            const float *restrict q, const float *restrict x, size_t n)
{
    size_t j, i;
    for (j = 0; j < count; j++) {
        float sum = y[j];
        for (i = 0; i < n; i++) {
            sum = sum + (float)w[i] * (q[i] * x[i]);
        }
        y[j] = sum;
        w += n;
    }
}
";

const CONVOLVE: &str = "\
/* y += the convolution of x; W is stored column by column. */
static void @_convolve(float *restrict y, const float *restrict w, const float *restrict x,
                       const uint32_t *restrict g)
{
    const size_t from = g[0], height = g[1], width = g[2], to = g[3];
    const size_t channels = g[4], rows = g[5], columns = g[6], top = g[7], left = g[8];
    size_t o, row, column, c, k, l;
    for (o = 0; o < channels; o++) {
        const float *const first = x + o / to * from * height * width;
        for (row = 0; row < rows; row++) {
            for (column = 0; column < columns; column++) {
                const float *tap = w + o;
                float sum = *y;
                for (c = 0; c < from; c++) {
                    for (k = 0; k < g[9]; k++) {
                        const size_t i = row * g[11] + k * g[13];
                        for (l = 0; l < g[10]; l++) {
                            const size_t j = column * g[12] + l * g[14];
                            if (i >= top && i - top < height && j >= left && j - left < width) {
                                sum = sum + *tap * first[(c * height + i - top) * width + j - left];
                            }
                            tap += channels;
                        }
                    }
                }
                *y++ = sum;
            }
        }
    }
}
";

const CONVOLVE_INT8: &str = "\
/* y += the convolution of x with codes; N is stored column by column. */
static void @_convolve_int8(float *restrict y, const int8_t *restrict w, const float *restrict x,
                       const uint32_t *restrict g)
{
    const size_t from = g[0], height = g[1], width = g[2], to = g[3];
    const size_t channels = g[4], rows = g[5], columns = g[6], top = g[7], left = g[8];
    size_t o, row, column, c, k, l;
    for (o = 0; o < channels; o++) {
        const float *const first = x + o / to * from * height * width;
        for (row = 0; row < rows; row++) {
            for (column = 0; column < columns; column++) {
                const int8_t *tap = w + o;
                float sum = *y;
                for (c = 0; c < from; c++) {
                    for (k = 0; k < g[9]; k++) {
                        const size_t i = row * g[11] + k * g[13];
                        for (l = 0; l < g[10]; l++) {
                            const size_t j = column * g[12] + l * g[14];
                            if (i >= top && i - top < height && j >= left && j - left < width) {
                                sum = sum + (float)*tap * first[(c * height + i - top) * width + j - left];
                            }
                            tap += channels;
                        }
                    }
                }
                *y++ = sum;
            }
        }
    }
}
";
