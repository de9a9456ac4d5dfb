/* Starts a Cortex-M4 under qemu, and writes what `run` hands to `out` to the file m4.bin by semihosting. */
#include <stdint.h>

extern uint32_t data_load, data_start, data_end, bss_start, bss_end, stack_top;
void run(void);
void out(const void *bytes, uint32_t count);
void reset(void);

enum { OPEN = 1, CLOSE = 2, WRITE0 = 4, WRITE = 5, EXIT = 0x20 };

static int file = -1;

static int call(int operation, const void *arguments)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void leave(uint32_t code)
{
    const uint32_t arguments[2] = {0x20026, code};
    call(EXIT, arguments);
    for (;;) {
    }
}

void out(const void *bytes, uint32_t count)
{
    const uint32_t arguments[3] = {(uint32_t)file, (uint32_t)bytes, count};
    if (call(WRITE, arguments) != 0) {
        leave(2);
    }
}

static void fault(void)
{
    call(WRITE0, "fault\n");
    leave(3);
}

__attribute__((noinline)) static void work(void)
{
    const uint32_t open[3] = {(uint32_t)"m4.bin", 5, 6};
    file = call(OPEN, open);
    run();
    const uint32_t close[1] = {(uint32_t)file};
    call(CLOSE, close);
    leave(0);
}

void reset(void)
{
#ifdef __ARM_FP
    /* The floating-point unit must be on before the first float. */
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm__ volatile("dsb\nisb");
#endif
    for (uint32_t *from = &data_load, *to = &data_start; to < &data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = &bss_start; to < &bss_end;) {
        *to++ = 0;
    }
    work();
}

__attribute__((section(".vectors"), used)) void *const vectors[16] = {
    &stack_top, reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, fault,
};
