# Sets FREERTOS_KERNEL_PATH, the folder of a FreeRTOS kernel with its CMakeLists.txt.
#
# A path that the user gives (-DFREERTOS_KERNEL_PATH=...) is taken as it is; otherwise cargo finds the kernel that
# kernel-src/Cargo.toml names, downloading it if need be. Nothing is compiled by cargo here.

if(NOT FREERTOS_KERNEL_PATH)
    find_program(WASMOTE_CARGO cargo HINTS "$ENV{HOME}/.cargo/bin" REQUIRED)
    execute_process(
        COMMAND "${WASMOTE_CARGO}" metadata --locked --format-version 1
                --manifest-path "${CMAKE_CURRENT_LIST_DIR}/Cargo.toml"
        WORKING_DIRECTORY "${CMAKE_CURRENT_LIST_DIR}" # for the pinned toolchain
        OUTPUT_VARIABLE metadata ERROR_VARIABLE error RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "wasmote: cargo could not get the FreeRTOS kernel; give one with "
                            "-DFREERTOS_KERNEL_PATH=<folder>.\n${error}")
    endif()
    string(JSON count LENGTH "${metadata}" packages)
    math(EXPR last "${count} - 1")
    foreach(index RANGE ${last})
        string(JSON name GET "${metadata}" packages ${index} name)
        if(name STREQUAL "freertos-next")
            string(JSON manifest GET "${metadata}" packages ${index} manifest_path)
            get_filename_component(FREERTOS_KERNEL_PATH "${manifest}" DIRECTORY)
            set(FREERTOS_KERNEL_PATH "${FREERTOS_KERNEL_PATH}/FreeRTOS-Kernel" CACHE PATH "FreeRTOS kernel sources")
        endif()
    endforeach()
endif()

if(NOT EXISTS "${FREERTOS_KERNEL_PATH}/tasks.c")
    message(FATAL_ERROR "wasmote: no FreeRTOS kernel in FREERTOS_KERNEL_PATH='${FREERTOS_KERNEL_PATH}'")
endif()
