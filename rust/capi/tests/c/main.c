/* Runs the tests on a host. */
#include "capi_test.h"

#include <stdio.h>

static int failures;

void capi_test_failed(const char *file, int line, const char *what)
{
    printf("%s:%d: %s\n", file, line, what);
    failures++;
}

int main(void)
{
    int passed = 0, failed = 0;

    setvbuf(stdout, NULL, _IONBF, 0);

#define RUN(test)                                                                                                      \
    failures = 0;                                                                                                      \
    test();                                                                                                            \
    printf("%s %s\n", failures == 0 ? "passed" : "FAILED", #test);                                                     \
    if (failures == 0) {                                                                                               \
        passed++;                                                                                                      \
    } else {                                                                                                           \
        failed++;                                                                                                      \
    }
    CAPI_TESTS(RUN)
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
