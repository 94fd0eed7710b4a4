# The programs with strategies and encoders of a user: ctp_add_programs(). Part of the source tree and of the installed
# package. The global property CTP_PROGRAM_SOURCES names the folder with the programs' sources.

# ctp_program_packages(<result>): the targets of CLI11 and yaml-cpp, which are for the programs alone.
function(ctp_program_packages result)
  if(NOT TARGET CLI11::CLI11)
    find_package(CLI11 2.1 QUIET)
  endif()
  if(NOT TARGET yaml-cpp AND NOT TARGET yaml-cpp::yaml-cpp)
    find_package(yaml-cpp QUIET)  # its target is yaml-cpp in 0.7, yaml-cpp::yaml-cpp from 0.8 on
  endif()
  set(yaml yaml-cpp)
  if(TARGET yaml-cpp::yaml-cpp)
    set(yaml yaml-cpp::yaml-cpp)
  endif()
  foreach(package IN ITEMS "CLI11::CLI11;CLI11 2.1;libcli11-dev" "${yaml};yaml-cpp;libyaml-cpp-dev")
    list(GET package 0 target)
    list(GET package 1 name)
    list(GET package 2 debian)
    if(NOT TARGET ${target})
      message(FATAL_ERROR "ctp: ${name}: expected this package for the programs, found none; install it (Debian: "
        "${debian}), or name its place in CMAKE_PREFIX_PATH")
    endif()
  endforeach()
  set(${result} CLI11::CLI11 ${yaml} PARENT_SCOPE)
endfunction()

# ctp_add_processor_check(<target> <library>): the check of the processor, part of every program. It ends the program
# with a line if the processor lacks instructions that the program was built with. The check itself is compiled for any
# x86-64 processor, whatever the flags of the build are. <library>: carries the flags of the program.
function(ctp_add_processor_check target library)
  get_property(sources GLOBAL PROPERTY CTP_PROGRAM_SOURCES)
  add_library(${target} OBJECT "${sources}/common/processor_check.cpp" "${sources}/common/processor_needs.cpp")
  target_link_libraries(${target} PRIVATE ${library})
  target_compile_features(${target} PRIVATE cxx_std_20)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set_source_files_properties("${sources}/common/processor_check.cpp" PROPERTIES
      COMPILE_OPTIONS "-march=x86-64;-mno-sse3")
  endif()
endfunction()

# ctp_add_program_target(<target> <check> <sources...>): a program with options. <check>: of ctp_add_processor_check().
# Its .cu files are left out where CUDA is not enabled; where there are some and CUDA is, its other files see
# CTP_HAVE_CUDA, and the target has the property CTP_ON_CUDA.
function(ctp_add_program_target target check)
  set(host ${ARGN})
  set(device ${ARGN})
  list(FILTER host EXCLUDE REGEX "\\.cu$")
  list(FILTER device INCLUDE REGEX "\\.cu$")
  ctp_program_packages(packages)
  add_executable(${target} ${host})
  target_link_libraries(${target} PRIVATE ctp::data ${packages} ${check})
  if(device AND TARGET ctp::cuda AND CMAKE_CUDA_COMPILER_LOADED)
    target_sources(${target} PRIVATE ${device})
    target_link_libraries(${target} PRIVATE ctp::cuda)
    target_compile_definitions(${target} PRIVATE CTP_HAVE_CUDA=1)
    set_target_properties(${target} PROPERTIES CTP_ON_CUDA TRUE)
  endif()
endfunction()

# ctp_record_commit(<target>): the commit of the sources, for the metadata of weights: looked up in every build, written
# where it changed. An installed package records its version alone.
function(ctp_record_commit target)
  get_property(root GLOBAL PROPERTY CTP_SOURCE_ROOT)
  if(NOT root)
    return()
  endif()
  set(folder "${CMAKE_BINARY_DIR}/generated")
  if(NOT TARGET ctp_commit)
    add_custom_target(ctp_commit BYPRODUCTS "${folder}/ctp_commit.hpp" COMMENT ""
      COMMAND "${CMAKE_COMMAND}" "-DROOT=${root}" "-DOUTPUT=${folder}/ctp_commit.hpp" -P "${root}/cmake/CtpCommit.cmake")
  endif()
  add_dependencies(${target} ctp_commit)
  target_include_directories(${target} PRIVATE "${folder}")
endfunction()

# ctp_add_programs(<name> HEADER <file> [STRATEGIES <type>...] [IMAGE_ENCODER <type>] [TEXT_ENCODER <type>] [ONLY]
#                  [PROGRAMS <program>...])
# Builds continual_pretrain, evaluate and conformance, or PROGRAMS of them, as bin/<name>/<program> of the build folder.
# They have the library's strategies and STRATEGIES, which HEADER defines. ONLY leaves the library's strategies out:
# such programs compile in a fraction of the time. The encoders replace those of all strategies. The targets are
# <name>.<program>, and <name> for all of them. A project with the language CUDA gets the parts for CUDA, too.
# Except in a Debug build, and where CMAKE_CXX_FLAGS choose a processor, the programs have the flags of ctp::native.
function(ctp_add_programs name)
  cmake_parse_arguments(PARSE_ARGV 1 own "ONLY" "HEADER;IMAGE_ENCODER;TEXT_ENCODER" "STRATEGIES;PROGRAMS")
  set(all continual_pretrain evaluate conformance)
  set(call "ctp_add_programs(${name})")
  if(own_UNPARSED_ARGUMENTS OR own_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "${call}: expected ctp_add_programs(<name> HEADER <file> [STRATEGIES <type>...] [IMAGE_ENCODER "
      "<type>] [TEXT_ENCODER <type>] [ONLY] [PROGRAMS <program>...]), found "
      "'${own_UNPARSED_ARGUMENTS}${own_KEYWORDS_MISSING_VALUES}'")
  endif()
  if(NOT own_STRATEGIES AND NOT own_IMAGE_ENCODER AND NOT own_TEXT_ENCODER)
    message(FATAL_ERROR "${call}: expected STRATEGIES, IMAGE_ENCODER or TEXT_ENCODER, found none of them")
  endif()
  if(own_ONLY AND NOT own_STRATEGIES)
    message(FATAL_ERROR "${call}: ONLY: expected STRATEGIES, found none: the programs would have no strategy")
  endif()
  cmake_path(ABSOLUTE_PATH own_HEADER BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE OUTPUT_VARIABLE header)
  if(NOT own_HEADER OR NOT EXISTS "${header}" OR IS_DIRECTORY "${header}")
    message(FATAL_ERROR "${call}: HEADER: expected a file that defines the types, found '${own_HEADER}'; relative names "
      "begin at ${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  if(NOT own_PROGRAMS)
    set(own_PROGRAMS ${all})
  endif()

  set(text "// Written by ${call}.\n#pragma once\n#include \"${header}\"\n")
  if(own_STRATEGIES)
    list(JOIN own_STRATEGIES ", " types)
    string(APPEND text "#define CTP_OWN_STRATEGIES ${types}\n")
  endif()
  foreach(encoder IN ITEMS IMAGE_ENCODER TEXT_ENCODER)
    if(own_${encoder})
      string(APPEND text "#define CTP_OWN_${encoder} ${own_${encoder}}\n")
    endif()
  endforeach()
  if(own_ONLY)
    string(APPEND text "#define CTP_ONLY_OWN_STRATEGIES 1\n")
  endif()
  set(written "${CMAKE_CURRENT_BINARY_DIR}/ctp_programs/${name}.hpp")
  file(CONFIGURE OUTPUT "${written}" CONTENT "${text}" @ONLY)

  add_library(${name}.flags INTERFACE)
  set(flags "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_RELEASE} ${CMAKE_CXX_FLAGS_RELWITHDEBINFO} ${CMAKE_CXX_FLAGS_MINSIZEREL}")
  if(NOT flags MATCHES "-m(arch|cpu)=")
    target_link_libraries(${name}.flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:ctp::native>)
  endif()
  get_target_property(linked ctp::ctp INTERFACE_LINK_LIBRARIES)
  if(linked MATCHES "OpenMP")  # the host code of nvcc's units must agree with the other units
    target_compile_options(${name}.flags INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-fopenmp>)
  endif()
  ctp_add_processor_check(${name}.processor_check ${name}.flags)
  add_custom_target(${name})
  get_property(sources GLOBAL PROPERTY CTP_PROGRAM_SOURCES)
  foreach(program IN LISTS own_PROGRAMS)
    if(NOT program IN_LIST all)
      list(JOIN all ", " known)
      message(FATAL_ERROR "${call}: PROGRAMS: expected ${known}, found '${program}'")
    endif()
    set(target ${name}.${program})
    file(GLOB files CONFIGURE_DEPENDS "${sources}/${program}/*.cpp" "${sources}/${program}/*.cu")
    ctp_add_program_target(${target} ${name}.processor_check ${files})
    target_link_libraries(${target} PRIVATE ${name}.flags)
    target_compile_definitions(${target} PRIVATE "CTP_OWN_POLICIES=\"${written}\"")
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${program}
      RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin/${name}")
    if(program STREQUAL "continual_pretrain")
      ctp_record_commit(${target})
    endif()
    add_dependencies(${name} ${target})
  endforeach()
endfunction()
