# wasmote_cargo_package(<variable> <Cargo.toml> <package> [<option of cargo>...])
#
# Sets the variable to the folder of a package that the manifest depends on; empty if it does not. cargo downloads the
# package if need be, and compiles nothing.
include_guard(GLOBAL)

function(wasmote_cargo_package out manifest package)
    find_program(WASMOTE_CARGO cargo HINTS "$ENV{HOME}/.cargo/bin" REQUIRED)
    get_filename_component(folder "${manifest}" DIRECTORY)
    execute_process(
        COMMAND "${WASMOTE_CARGO}" metadata --format-version 1 --manifest-path "${manifest}" ${ARGN}
        WORKING_DIRECTORY "${folder}" # for the pinned toolchain
        OUTPUT_VARIABLE metadata ERROR_VARIABLE error RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "wasmote: cargo could not get the packages of ${manifest}:\n${error}")
    endif()
    set(${out} "" PARENT_SCOPE)
    string(JSON count LENGTH "${metadata}" packages)
    math(EXPR last "${count} - 1")
    foreach(index RANGE ${last})
        string(JSON name GET "${metadata}" packages ${index} name)
        if(name STREQUAL package)
            string(JSON found GET "${metadata}" packages ${index} manifest_path)
            get_filename_component(found "${found}" DIRECTORY)
            set(${out} "${found}" PARENT_SCOPE)
        endif()
    endforeach()
endfunction()
