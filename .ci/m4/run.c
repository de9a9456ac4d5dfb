/* Runs the four networks on 2,000 steps of events. */
#include "events.h"
#include "gru_f32.h"
#include "gru_int8.h"
#include "lif_f32.h"
#include "lif_int8.h"

void out(const void *bytes, uint32_t count);
void run(void);

#define RUN(name)                                                        \
    do {                                                                 \
        static name##_state state;                                       \
        const uint16_t *now = events;                                    \
        float p[32];                                                     \
        name##_init(&state);                                             \
        for (int t = 0; t < STEPS; t++) {                                \
            name##_step(&state, now, counts[t], p);                      \
            now += counts[t];                                            \
            out(&state, sizeof state);                                   \
            out(p, sizeof p[0] * CLASSES);                               \
        }                                                                \
    } while (0)

void run(void)
{
    RUN(gru_f32);
    RUN(gru_int8);
    RUN(lif_f32);
    RUN(lif_int8);
}
