/* Runs hello.wasm: it calls back to print, and returns a number. */
#include <zephyr/kernel.h>

#include "wasmote/wasmote.h"

/* Made by wasmote_embed() in CMakeLists.txt. */
extern const unsigned char hello_wasm[];
extern const size_t hello_wasm_size;

/* What hello.wasm imports as env.print. cells hold its two arguments; the memory's bounds are wasmote's to check. */
static wasmote_status_t print(wasmote_caller_t *caller, uint32_t *cells, void *user_data)
{
    (void)user_data;
    const char *text = wasmote_caller_memory(caller, cells[0], cells[1]);
    if (text == NULL) {
        return WASMOTE_ERR_OUT_OF_BOUNDS;
    }
    printk("%.*s", (int)cells[1], text);
    return WASMOTE_OK;
}

static const wasmote_host_func_t host_functions[] = {
    {.module = "env", .name = "print", .signature = "(ii)", .function = print},
};
static const wasmote_imports_t imports = {
    .functions = host_functions,
    .function_count = ARRAY_SIZE(host_functions),
};

static wasmote_status_t greet(wasmote_instance_t *instance, int32_t times, int32_t *printed, wasmote_error_t *error)
{
    wasmote_func_t func;
    wasmote_status_t status = wasmote_instance_func(instance, "greet", &func);
    if (status != WASMOTE_OK) {
        return status;
    }
    const wasmote_value_t argument = {.type = WASMOTE_I32, .of = {.i32 = times}};
    wasmote_value_t result;
    status = wasmote_func_call(instance, func, &argument, 1, &result, 1, error);
    if (status == WASMOTE_OK) {
        *printed = result.of.i32;
    }
    return status;
}

/* Load, instantiate, call; what was made is deleted again in any case. */
static wasmote_status_t run_hello(int32_t *printed, wasmote_error_t *error)
{
    wasmote_runtime_t *runtime;
    wasmote_status_t status = wasmote_runtime_new(NULL, &runtime);
    if (status != WASMOTE_OK) {
        return status;
    }
    wasmote_module_t *module;
    status = wasmote_module_load(runtime, hello_wasm, hello_wasm_size, &module, error);
    if (status == WASMOTE_OK) {
        wasmote_instance_t *instance;
        status = wasmote_instance_new(module, &imports, NULL, &instance, error);
        if (status == WASMOTE_OK) {
            status = greet(instance, 3, printed, error);
            wasmote_instance_delete(instance);
        }
        wasmote_module_delete(module);
    }
    wasmote_runtime_delete(runtime);
    return status;
}

int main(void)
{
    int32_t printed = 0;
    wasmote_error_t error = {.status = WASMOTE_OK};
    const wasmote_status_t status = run_hello(&printed, &error);
    if (status == WASMOTE_OK) {
        printk("greet returned %d\n", (int)printed);
    } else {
        printk("%s: %s\n", wasmote_status_str(status), error.message);
    }
    return 0;
}
