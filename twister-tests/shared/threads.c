/* Several instances in several threads, host calls that block, calls in threads of their own. */
#include "wasmote_test.h"

GUEST(add);
GUEST(crc32);
GUEST(fib);
GUEST(host_call);
GUEST(loop_forever);
GUEST(matrix_f32);
GUEST(trap);

TEST_SUITE(threads);

/* ---- instances at the same time ---- */

struct worker {
    wasmote_runtime_t *runtime;
    const unsigned char *bytes;
    size_t size;
    int32_t argument, result, rounds;
    int32_t right;
    wasmote_status_t status;
};

/* A runtime, a module and an instance of this thread's own. */
static void work_alone(void *argument)
{
    struct worker *worker = argument;
    for (int32_t i = 0; i < worker->rounds; i++) {
        struct guest guest = {.instance = NULL};
        wasmote_value_t result;
        worker->status = wasmote_runtime_new(NULL, &guest.runtime);
        if (worker->status != WASMOTE_OK) {
            return;
        }
        worker->status = wasmote_module_load(guest.runtime, worker->bytes, worker->size, &guest.module, NULL);
        if (worker->status == WASMOTE_OK) {
            worker->status = wasmote_instance_new(guest.module, NULL, NULL, &guest.instance, NULL);
            if (worker->status == WASMOTE_OK) {
                worker->status = guest_call(&guest, "run", &result, I32(worker->argument));
                worker->right += worker->status == WASMOTE_OK && result.of.i32 == worker->result;
                wasmote_instance_delete(guest.instance);
            }
            wasmote_module_delete(guest.module);
        }
        wasmote_runtime_delete(guest.runtime);
        test_sleep_ms(1);
    }
}

/* What is right is in rust/guests/expected.toml. */
#define FIB {.bytes = fib_wasm, .size = fib_wasm_size, .argument = 15, .result = 610, .rounds = 10}
#define CRC32 {.bytes = crc32_wasm, .size = crc32_wasm_size, .argument = 1, .result = -898212969, .rounds = 10}

static void run_together(struct worker *workers, size_t count, void (*entry)(void *))
{
    test_thread_t threads[3];
    for (size_t i = 0; i < count; i++) {
        test_thread_start(&threads[i], entry, &workers[i]);
    }
    for (size_t i = 0; i < count; i++) {
        test_thread_join(&threads[i]);
        CHECK_OK(workers[i].status);
        CHECK_EQ(workers[i].right, workers[i].rounds);
    }
}

TEST(threads, runtimes_side_by_side)
{
    struct worker workers[] = {FIB, CRC32, FIB};
    run_together(workers, 3, work_alone);
}

/* Instances of one module, in one runtime. */
struct shared_worker {
    struct worker worker;
    struct guest guest;
};

static void work_with_instance(void *argument)
{
    struct shared_worker *shared = argument;
    for (int32_t i = 0; i < shared->worker.rounds; i++) {
        wasmote_value_t result;
        shared->worker.status = guest_call(&shared->guest, "run", &result, I32(shared->worker.argument));
        if (shared->worker.status != WASMOTE_OK) {
            return;
        }
        shared->worker.right += result.of.i32 == shared->worker.result;
        test_sleep_ms(1);
    }
}

static void run_instances(struct guest guest, struct worker worker)
{
    static struct shared_worker shared[3];
    test_thread_t threads[3];
    for (int i = 0; i < 3; i++) {
        shared[i] = (struct shared_worker){.worker = worker, .guest = guest};
        if (i > 0) {
            CHECK_OK(wasmote_instance_new(guest.module, NULL, NULL, &shared[i].guest.instance, &guest.error));
        }
        test_thread_start(&threads[i], work_with_instance, &shared[i]);
    }
    for (int i = 0; i < 3; i++) {
        test_thread_join(&threads[i]);
        CHECK_OK(shared[i].worker.status);
        CHECK_EQ(shared[i].worker.right, shared[i].worker.rounds);
    }
    for (int i = 1; i < 3; i++) {
        CHECK_OK(wasmote_instance_delete(shared[i].guest.instance));
    }
}

TEST(threads, instances_of_one_module)
{
    struct guest guest;
    guest_open(&guest, crc32, NULL, NULL);
    run_instances(guest, (struct worker)CRC32);
    guest_close(&guest);
}

/* Each call takes longer than a slice of time, so threads lose the processor, and its FPU if it has one, in the middle of sums. */
TEST(threads, floats_in_slices)
{
    struct guest guest;
    guest_open(&guest, matrix_f32, NULL, NULL);
    run_instances(guest, (struct worker){.argument = 6, .result = -1919511473, .rounds = 1});
    guest_close(&guest);
}

/* Instances come and go in one runtime while others of it run. */
static void work_in_runtime(void *argument)
{
    struct worker *worker = argument;
    for (int32_t i = 0; i < worker->rounds; i++) {
        struct guest guest = {.runtime = worker->runtime};
        wasmote_value_t result;
        worker->status = wasmote_module_load(guest.runtime, worker->bytes, worker->size, &guest.module, NULL);
        if (worker->status != WASMOTE_OK) {
            return;
        }
        worker->status = wasmote_instance_new(guest.module, NULL, NULL, &guest.instance, NULL);
        if (worker->status == WASMOTE_OK) {
            worker->status = guest_call(&guest, "run", &result, I32(worker->argument));
            worker->right += worker->status == WASMOTE_OK && result.of.i32 == worker->result;
            wasmote_instance_delete(guest.instance);
        }
        wasmote_module_delete(guest.module);
        test_sleep_ms(1);
    }
}

TEST(threads, one_runtime_used_by_all)
{
    struct worker workers[] = {FIB, CRC32, FIB};
    wasmote_runtime_t *runtime;
    CHECK_OK(wasmote_runtime_new(NULL, &runtime));
    for (int i = 0; i < 3; i++) {
        workers[i].runtime = runtime;
    }
    run_together(workers, 3, work_in_runtime);
    CHECK_OK(wasmote_runtime_delete(runtime));
}

/* ---- everything shared, under load ---- */

#define LOAD_THREADS 3
#define LOAD_ROUNDS 25

/* What a thread does with an instance of its own of the shared module, and with modules that come and go. */
struct load {
    struct guest guest;
    wasmote_status_t status;
    int32_t right, interrupted, made, refused;
    volatile bool done;
};

static struct load loads[LOAD_THREADS];

static wasmote_status_t small_instance(wasmote_module_t *module, wasmote_instance_t **out)
{
    wasmote_quotas_t quotas = wasmote_quotas_default();
    quotas.stack_bytes = 2048;
    quotas.trim_memory = true;
    return wasmote_instance_new(module, NULL, &quotas, out, NULL);
}

/* Loads, calls and deletes; true unless something went wrong. There may be too little memory, as others do the same. */
static bool come_and_go(struct load *load)
{
    struct guest guest = {.runtime = load->guest.runtime};
    wasmote_value_t result;
    load->status = wasmote_module_load(guest.runtime, add_wasm, add_wasm_size, &guest.module, NULL);
    if (load->status == WASMOTE_OK) {
        load->status = small_instance(guest.module, &guest.instance);
        if (load->status == WASMOTE_OK) {
            load->status = guest_call(&guest, "add", &result, I32(40), I32(load->right));
            load->made += load->status == WASMOTE_OK && result.of.i32 == 40 + load->right;
            wasmote_instance_delete(guest.instance);
        }
        wasmote_module_delete(guest.module);
    }
    if (load->status == WASMOTE_ERR_OUT_OF_MEMORY || load->status == WASMOTE_TRAP_NOT_COMPILED) {
        load->refused++;
        load->status = WASMOTE_OK;
    }
    return load->status == WASMOTE_OK;
}

static void work_under_load(void *argument)
{
    struct load *load = argument;
    for (int i = 0; i < LOAD_ROUNDS; i++) {
        wasmote_value_t result;
        load->status = guest_call(&load->guest, "run", &result, I32(15));
        if (load->status == WASMOTE_TRAP_INTERRUPTED) {
            load->interrupted++;
            wasmote_instance_clear_interrupt(load->guest.instance);
        } else if (load->status == WASMOTE_OK) {
            load->right += result.of.i32 == 610;
        } else {
            break;
        }
        if (!come_and_go(load)) {
            break;
        }
        test_sleep_ms(1);
    }
    load->done = true;
}

static void interrupt_all(void *argument)
{
    (void)argument;
    for (int i = 0; i < LOAD_THREADS; i++) {
        wasmote_instance_interrupt(loads[i].guest.instance);
    }
}

/* One runtime, one module, one allocator with little left; interrupts from a thread and from an interrupt service
 * routine. */
TEST(threads, everything_shared_under_load)
{
    wasmote_runtime_config_t config = {.heap_limit = 0};
    test_thread_t threads[LOAD_THREADS];
    struct guest guest = {.instance = NULL};
    wasmote_stats_t before, after;
    int32_t interrupted = 0, made = 0;
    const size_t blocks = test_free_blocks();
    if (TEST_OPTION(CONFIG_WASMOTE_RUNTIME_POOL)) {
        config = (wasmote_runtime_config_t){.pool = test_pool, .pool_size = 40 * 1024};
    }
    CHECK_OK(wasmote_runtime_new(&config, &guest.runtime));
    CHECK_OK(wasmote_module_load(guest.runtime, fib_wasm, fib_wasm_size, &guest.module, &guest.error));
    for (int i = 0; i < LOAD_THREADS; i++) {
        loads[i] = (struct load){.guest = guest};
        CHECK_OK(small_instance(guest.module, &loads[i].guest.instance));
    }
    /* What is compiled when it is first called, or encoded in each instance, is there. */
    wasmote_value_t result;
    for (int i = 0; i < LOAD_THREADS; i++) {
        CHECK_OK(guest_call(&loads[i].guest, "run", &result, I32(15)));
    }
    wasmote_runtime_stats(guest.runtime, &before);
    for (int i = 0; i < LOAD_THREADS; i++) {
        test_thread_start(&threads[i], work_under_load, &loads[i]);
    }
    for (int round = 0; round < 2 * LOAD_ROUNDS; round++) {
        test_isr_after_us(500, interrupt_all, NULL);
        test_sleep_ms(2);
        if (round % 3 == 0) {
            interrupt_all(NULL);
        }
        test_sleep_ms(1);
    }
    for (int i = 0; i < LOAD_THREADS; i++) {
        test_thread_join(&threads[i]);
        CHECK(loads[i].done);
        CHECK(loads[i].status == WASMOTE_OK || loads[i].status == WASMOTE_TRAP_INTERRUPTED);
        CHECK_EQ(loads[i].right + loads[i].interrupted, LOAD_ROUNDS);
        CHECK_EQ(loads[i].made + loads[i].refused, LOAD_ROUNDS);
        interrupted += loads[i].interrupted;
        made += loads[i].made;
    }
    CHECK(interrupted > 0);
    CHECK(made > 0);
    wasmote_runtime_stats(guest.runtime, &after);
    CHECK_EQ(after.heap_used, before.heap_used);
    for (int i = 0; i < LOAD_THREADS; i++) {
        CHECK_OK(wasmote_instance_delete(loads[i].guest.instance));
    }
    CHECK_OK(wasmote_module_delete(guest.module));
    CHECK_OK(wasmote_runtime_delete(guest.runtime));
    CHECK_EQ(test_free_blocks(), blocks);
}

/* ---- host functions that block ---- */

static test_sem_t in_host, go_on;

static wasmote_status_t wait_in_host(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)caller;
    (void)user_data;
    test_sem_give(&in_host);
    if (!test_sem_take(&go_on, 5000)) {
        return WASMOTE_ERR_HOST;
    }
    cells[0]++;
    return WASMOTE_OK;
}

static const wasmote_host_func_t wait_function[] = {
    {.module = "env", .name = "tick", .signature = "(i)i", .function = wait_in_host},
};
static const wasmote_imports_t wait_imports = {.functions = wait_function, .function_count = 1};

TEST(threads, a_host_call_blocks_its_own_thread_only)
{
    static struct shared_worker waiting;
    struct worker others[] = {FIB, CRC32};
    test_thread_t thread;
    test_sem_init(&in_host, 0);
    test_sem_init(&go_on, 0);
    waiting = (struct shared_worker){.worker = {.argument = 3, .result = 2, .rounds = 1}};
    guest_open(&waiting.guest, host_call, &wait_imports, NULL);
    test_thread_start(&thread, work_with_instance, &waiting);
    for (int i = 0; i < 3; i++) {
        CHECK(test_sem_take(&in_host, 5000));
        others[i % 2].right = 0;
        run_together(&others[i % 2], 1, work_alone);
        CHECK_EQ(waiting.worker.right, 0); /* still there */
        test_sem_give(&go_on);
    }
    test_thread_join(&thread);
    CHECK_OK(waiting.worker.status);
    guest_close(&waiting.guest);
}

TEST(threads, an_instance_runs_one_call_at_a_time)
{
    static struct shared_worker waiting;
    test_thread_t thread;
    wasmote_value_t result;
    test_sem_init(&in_host, 0);
    test_sem_init(&go_on, 0);
    waiting = (struct shared_worker){.worker = {.argument = 1, .result = 1, .rounds = 1}};
    guest_open(&waiting.guest, host_call, &wait_imports, NULL);
    test_thread_start(&thread, work_with_instance, &waiting);
    CHECK(test_sem_take(&in_host, 5000));
    CHECK_STATUS(guest_call(&waiting.guest, "run", &result, I32(1)), WASMOTE_ERR_BUSY);
    CHECK_STATUS(wasmote_instance_delete(waiting.guest.instance), WASMOTE_ERR_BUSY);
    CHECK_STATUS(wasmote_module_delete(waiting.guest.module), WASMOTE_ERR_BUSY);
    test_sem_give(&go_on);
    test_thread_join(&thread);
    CHECK_OK(waiting.worker.status);
    CHECK_EQ(waiting.worker.right, 1);
    guest_close(&waiting.guest);
}

/* ---- wasmote_thread_* ---- */

#define NATIVE_STACK (TEST_STACK_SIZE)

static const wasmote_thread_config_t thread_config = {
    .name = "guest", .stack_bytes = NATIVE_STACK, .priority = TEST_PRIORITY,
};

TEST(threads, a_call_in_a_thread_of_its_own)
{
    struct guest guest;
    wasmote_func_t run;
    wasmote_thread_t *thread;
    wasmote_value_t result;
    const wasmote_value_t ten[] = {I32(10)};
    guest_open(&guest, fib, NULL, NULL);
    CHECK_OK(wasmote_instance_func(guest.instance, "run", &run));
    for (int i = 0; i < 20; i++) {
        result.of.i32 = 0;
        CHECK_OK(wasmote_thread_start(guest.instance, run, ten, 1, &thread_config, &thread));
        CHECK_OK(wasmote_thread_join(thread, 10000, &result, 1, &guest.error));
        CHECK_EQ(result.of.i32, 55);
    }
    guest_close(&guest);
}

TEST(threads, a_trap_in_a_thread_of_its_own)
{
    struct guest guest;
    wasmote_func_t unreachable;
    wasmote_thread_t *thread;
    guest_open(&guest, trap, NULL, NULL);
    CHECK_OK(wasmote_instance_func(guest.instance, "unreachable", &unreachable));
    CHECK_OK(wasmote_thread_start(guest.instance, unreachable, NULL, 0, &thread_config, &thread));
    CHECK_STATUS(wasmote_thread_join(thread, 10000, NULL, 0, &guest.error), WASMOTE_TRAP_UNREACHABLE);
    CHECK_EQ(guest.error.status, WASMOTE_TRAP_UNREACHABLE);
    guest_close(&guest);
}

TEST(threads, join_times_out_while_the_call_goes_on)
{
    struct guest guest;
    wasmote_func_t run;
    wasmote_thread_t *thread;
    wasmote_value_t result;
    const wasmote_value_t twice[] = {I32(2)};
    test_sem_init(&in_host, 0);
    test_sem_init(&go_on, 0);
    guest_open(&guest, host_call, &wait_imports, NULL);
    CHECK_OK(wasmote_instance_func(guest.instance, "run", &run));
    CHECK_OK(wasmote_thread_start(guest.instance, run, twice, 1, &thread_config, &thread));
    CHECK(test_sem_take(&in_host, 5000));
    CHECK_STATUS(wasmote_thread_join(thread, 0, &result, 1, &guest.error), WASMOTE_ERR_TIMEOUT);
    CHECK_STATUS(wasmote_thread_join(thread, 20, &result, 1, &guest.error), WASMOTE_ERR_TIMEOUT);
    CHECK_STATUS(guest_call(&guest, "run", &result, I32(1)), WASMOTE_ERR_BUSY);
    test_sem_give(&go_on);
    test_sem_give(&go_on);
    CHECK_OK(wasmote_thread_join(thread, 10000, &result, 1, &guest.error));
    CHECK_EQ(result.of.i32, 1); /* (0 ^ 0) + 1 = 1, (1 ^ 1) + 1 = 1 */
    guest_close(&guest);
}

TEST(threads, a_thread_is_interrupted_and_joined)
{
    struct guest guest;
    wasmote_func_t empty;
    wasmote_thread_t *thread;
    if (!TEST_TIME_PASSES_WHILE_BUSY) {
        TEST_SKIP();
    }
    guest_open(&guest, loop_forever, NULL, NULL);
    CHECK_OK(wasmote_instance_func(guest.instance, "empty", &empty));
    CHECK_OK(wasmote_thread_start(guest.instance, empty, NULL, 0, &thread_config, &thread));
    CHECK_STATUS(wasmote_thread_join(thread, 20, NULL, 0, &guest.error), WASMOTE_ERR_TIMEOUT);
    wasmote_instance_interrupt(guest.instance);
    CHECK_STATUS(wasmote_thread_join(thread, 10000, NULL, 0, &guest.error), WASMOTE_TRAP_INTERRUPTED);
    guest_close(&guest);
}

TEST(threads, impossible_threads_are_refused)
{
    struct guest guest;
    wasmote_func_t run;
    wasmote_thread_t *thread;
    wasmote_thread_config_t config = thread_config;
    const wasmote_value_t ten[] = {I32(10)};
    guest_open(&guest, fib, NULL, NULL);
    const size_t before = test_free_blocks();
    CHECK_OK(wasmote_instance_func(guest.instance, "run", &run));
    config.priority = 1000;
    CHECK(wasmote_thread_start(guest.instance, run, ten, 1, &config, &thread) != WASMOTE_OK);
    config = thread_config;
    config.stack_bytes = 0x70000000;
    CHECK(wasmote_thread_start(guest.instance, run, ten, 1, &config, &thread) != WASMOTE_OK);
    CHECK_STATUS(wasmote_thread_start(guest.instance, run, NULL, 0, &thread_config, &thread),
                 WASMOTE_ERR_TYPE_MISMATCH);
    CHECK_EQ(test_free_blocks(), before);
    guest_close(&guest);
}
