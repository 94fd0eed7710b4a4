# cmake -DROOT=<repository> -P cmake/CtpCheckHouse.cmake
# House rules that a text search can see.
cmake_minimum_required(VERSION 3.25)

set(most_lines 420)    # of one header
set(most_headers 22)   # directly in one folder of include/ctp

set(bad FALSE)
macro(complain text)
  message("${text}")
  set(bad TRUE)
endmacro()

# Headers: the opening lines, the length, and the includes that are kept out because parsing them is slow.
file(GLOB_RECURSE headers RELATIVE "${ROOT}/include" "${ROOT}/include/ctp/*.hpp" "${ROOT}/include/ctp/*.cuh")
if(NOT headers)
  message(FATAL_ERROR "${ROOT}/include/ctp: no headers found")
endif()
foreach(header IN LISTS headers)
  file(READ "${ROOT}/include/${header}" text)
  if(NOT text MATCHES "^/// @file +${header}\n/// @brief ")
    complain("${header}: must open with '/// @file   ${header}' and '/// @brief  ...'")
  endif()
  if(header MATCHES "^ctp/([^/]+)/")
    set(layer "${CMAKE_MATCH_1}")
    if(NOT text MATCHES "\n/// @layer  ${layer}\n")
      complain("${header}: needs the line '/// @layer  ${layer}' below @brief, with nothing behind the folder")
    endif()
    cmake_path(GET header PARENT_PATH folder)
    list(APPEND folders "${folder}")
  endif()
  if(NOT text MATCHES "\n#pragma once\n")
    complain("${header}: needs '#pragma once'")
  endif()
  if(text MATCHES "#[ \t]*include[ \t]*[<\"](iostream|regex|ranges|fmt/[^>\"]*)[>\"]")
    complain("${header}: <${CMAKE_MATCH_1}> is kept out of headers")
  endif()
  string(REGEX REPLACE "[^\n]" "" ends "${text}")
  string(LENGTH "${ends}" lines)
  if(lines GREATER most_lines)
    complain("${header}: expected at most ${most_lines} lines, found ${lines}; split it")
  endif()
endforeach()

# Folders: one listing shows what is there.
list(SORT folders)
list(APPEND folders "")
set(before "")
set(count 0)
foreach(folder IN LISTS folders)
  if(NOT folder STREQUAL before)
    if(count GREATER most_headers)
      complain("${before}: expected at most ${most_headers} headers in one folder, found ${count}; make folders of them")
    endif()
    set(before "${folder}")
    set(count 0)
  endif()
  math(EXPR count "${count} + 1")
endforeach()

# CUDA files include no heavy host header.
file(GLOB_RECURSE cuda_files RELATIVE "${ROOT}" "${ROOT}/include/*.cuh" "${ROOT}/tests/*.cu" "${ROOT}/tests/*.cuh"
  "${ROOT}/examples/*.cu" "${ROOT}/benchmarks/*.cu")
foreach(file IN LISTS cuda_files)
  file(READ "${ROOT}/${file}" text)
  if(text MATCHES "#[ \t]*include[ \t]*[<\"]((Eigen|nlohmann|CLI|yaml-cpp|fmt)/[^>\"]*)")
    complain("${file}: a file for nvcc must not include <${CMAKE_MATCH_1}>")
  endif()
endforeach()

# Tests: CTest names files, so a test case in a header belongs to no entry.
file(GLOB_RECURSE test_headers RELATIVE "${ROOT}" "${ROOT}/tests/*.hpp")
foreach(file IN LISTS test_headers)
  file(READ "${ROOT}/${file}" text)
  if(text MATCHES "\n *TEST_CASE")
    complain("${file}: a test case belongs in a .test.cpp; CTest would not run this one")
  endif()
endforeach()

if(bad)
  message(FATAL_ERROR "house rules violated")
endif()
