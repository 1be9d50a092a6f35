// The header from C++: that it compiles, and that what it declares can be called.
#include <wasmote/platform.h>
#include <wasmote/wasmote.h>

static wasmote_status_t twice(wasmote_caller_t *, uint32_t *cells, void *)
{
    cells[0] *= 2;
    return WASMOTE_OK;
}

int main()
{
    const wasmote_host_func_t functions[] = {{"env", "twice", "(i)i", twice, nullptr}};
    wasmote_imports_t imports{};
    imports.functions = functions;
    imports.function_count = 1;
    wasmote_runtime_config_t config{};
    wasmote_runtime_t *runtime = nullptr;
    if (wasmote_runtime_new(&config, &runtime) != WASMOTE_OK) {
        return 1;
    }
    uint32_t cells[2];
    wasmote_set_cell_i64(cells, -5);
    wasmote_value_t value{};
    value.type = WASMOTE_I64;
    value.of.i64 = wasmote_cell_i64(cells);
    wasmote_instance_t *instance = nullptr;
    const auto status = wasmote_instance_new(nullptr, &imports, nullptr, &instance, nullptr);
    if (status != WASMOTE_ERR_INVALID_ARGUMENT || value.of.i64 != -5) {
        return 1;
    }
    return wasmote_runtime_delete(runtime) == WASMOTE_OK ? 0 : 1;
}
