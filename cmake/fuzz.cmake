# virtue_fuzzers(FOLDER TARGET): NAME_fuzz.cc below src/FOLDER becomes the libFuzzer program NAME_fuzz, when the preset
# `fuzz` asks for it. Its seed corpus is tests/fuzz/NAME/. `ninja fuzzers` builds them all and nothing else.

option(VIRTUE_FUZZ "build the *_fuzz.cc beside the code as libFuzzer programs" OFF)

function(virtue_fuzzers folder target)
    if(NOT VIRTUE_FUZZ)
        return()
    endif()
    if(NOT TARGET fuzzers)
        add_custom_target(fuzzers)
    endif()
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*_fuzz.cc)
    foreach(source IN LISTS sources)
        get_filename_component(name ${source} NAME_WE)
        if(TARGET ${name})
            message(FATAL_ERROR "two fuzz targets named ${name}; ${source} needs another name")
        endif()
        add_executable(${name} ${source})
        target_link_libraries(${name} PRIVATE ${target})
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        add_dependencies(fuzzers ${name})
    endforeach()
endfunction()
