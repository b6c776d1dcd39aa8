# What a release links into the programs instead of sharing it. Of a shared library the loader maps and relocates the
# whole; of a static one only what is used gets into the program. The daemon needs 2 MB less so, and starts sooner.
# -DVIRTUE_STATIC=OFF shares them, for who wants the distribution to be able to replace them.
# fmt and spdlog have no static library in Debian: outside/ makes them from their headers.

set(VIRTUE_STATIC_DEFAULT OFF)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT VIRTUE_SANITIZE)
    set(VIRTUE_STATIC_DEFAULT ON)
endif()
option(VIRTUE_STATIC "link the libraries of the daemon into it" ${VIRTUE_STATIC_DEFAULT})

foreach(name uv_a xml2 z lzma nettle boost_json)
    find_library(VIRTUE_LIB_${name} NAMES lib${name}.a)
    mark_as_advanced(VIRTUE_LIB_${name})
    if(VIRTUE_STATIC AND NOT VIRTUE_LIB_${name})
        message(STATUS "lib${name}.a is not there: libraries are shared")
        set(VIRTUE_STATIC OFF)
    endif()
endforeach()

function(virtue_outside_static)
    add_library(outside_fmt STATIC cmake/outside/fmt.cc)
    add_library(outside_spdlog STATIC cmake/outside/spdlog.cc)
    target_compile_definitions(outside_spdlog PUBLIC SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL)
    target_link_libraries(outside_spdlog PUBLIC outside_fmt)

    add_library(outside_uv INTERFACE)
    target_link_libraries(outside_uv INTERFACE ${VIRTUE_LIB_uv_a} Threads::Threads ${CMAKE_DL_LIBS})

    add_library(outside_zlib INTERFACE)
    target_link_libraries(outside_zlib INTERFACE ${VIRTUE_LIB_z})

    add_library(outside_nettle INTERFACE)
    target_link_libraries(outside_nettle INTERFACE ${VIRTUE_LIB_nettle})

    pkg_check_modules(xml2 REQUIRED libxml-2.0)
    add_library(outside_xml2 INTERFACE)
    target_include_directories(outside_xml2 SYSTEM INTERFACE ${xml2_INCLUDE_DIRS})
    target_link_libraries(outside_xml2 INTERFACE ${VIRTUE_LIB_xml2} ${VIRTUE_LIB_z} ${VIRTUE_LIB_lzma} m)
    if(xml2_STATIC_LIBRARIES MATCHES "icuuc")
        pkg_check_modules(icu REQUIRED icu-uc)
        string(REGEX MATCH "^[0-9]+" icu_major ${icu_VERSION})
        add_library(outside_icu STATIC cmake/outside/icu.cc)
        target_compile_definitions(outside_icu PRIVATE ICU_VERSION=${icu_major})
        target_link_libraries(outside_xml2 INTERFACE outside_icu)
    endif()

    add_library(outside_boost_json INTERFACE)
    target_link_libraries(outside_boost_json INTERFACE Boost::headers ${VIRTUE_LIB_boost_json})
endfunction()

# For a program all of whose C++ is its own: the run-time library too. The relative relocations are a hundredth of the
# usual table; GNU ld says so to the loader as it must be said, mold does not.
include(CheckLinkerFlag)
function(virtue_static_program target)
    if(NOT VIRTUE_STATIC)
        return()
    endif()
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
    set(relative -fuse-ld=bfd -Wl,-z,pack-relative-relocs)
    check_linker_flag(CXX "${relative}" VIRTUE_HAS_RELATIVE_RELOCATIONS)
    if(VIRTUE_HAS_RELATIVE_RELOCATIONS)
        target_link_options(${target} PRIVATE ${relative})
    endif()
endfunction()
