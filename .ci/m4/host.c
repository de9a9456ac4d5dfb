/* Writes what `run` hands to `out` to the file of its argument. */
#include <stdint.h>
#include <stdio.h>

void run(void);
void out(const void *bytes, uint32_t count);

static FILE *file;

void out(const void *bytes, uint32_t count)
{
    fwrite(bytes, 1, count, file);
}

int main(int count, char **arguments)
{
    file = count > 1 ? fopen(arguments[1], "wb") : 0;
    if (!file) {
        return 1;
    }
    run();
    return fclose(file) != 0;
}
