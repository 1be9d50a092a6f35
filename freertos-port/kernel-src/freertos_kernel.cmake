# Sets FREERTOS_KERNEL_PATH, the folder of a FreeRTOS kernel with its CMakeLists.txt.
#
# A path that the user gives (-DFREERTOS_KERNEL_PATH=...) is taken as it is; otherwise cargo finds the kernel that
# kernel-src/Cargo.toml names, downloading it if need be. Nothing is compiled by cargo here.

if(NOT FREERTOS_KERNEL_PATH)
    include("${CMAKE_CURRENT_LIST_DIR}/../cargo_package.cmake")
    wasmote_cargo_package(kernel_package "${CMAKE_CURRENT_LIST_DIR}/Cargo.toml" freertos-next --locked)
    set(FREERTOS_KERNEL_PATH "${kernel_package}/FreeRTOS-Kernel" CACHE PATH "FreeRTOS kernel sources")
endif()

if(NOT EXISTS "${FREERTOS_KERNEL_PATH}/tasks.c")
    message(FATAL_ERROR "wasmote: no FreeRTOS kernel in FREERTOS_KERNEL_PATH='${FREERTOS_KERNEL_PATH}'")
endif()
