# cmake -DROOT=<repository> -P cmake/CtpCheckHouse.cmake
# House rules that a text search can see.
cmake_minimum_required(VERSION 3.25)

set(bad FALSE)
macro(complain text)
  message("${text}")
  set(bad TRUE)
endmacro()

# Headers: how they open, and what they never include (style: cost of an include).
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
    if(NOT text MATCHES "\n/// @layer +${layer}[ \n]")
      complain("${header}: needs '/// @layer  ${layer}' below @brief")
    endif()
  endif()
  if(NOT text MATCHES "\n#pragma once\n")
    complain("${header}: needs '#pragma once'")
  endif()
  if(text MATCHES "#[ \t]*include[ \t]*[<\"](iostream|regex|ranges|fmt/[^>\"]*)[>\"]")
    complain("${header}: <${CMAKE_MATCH_1}> is kept out of headers")
  endif()
endforeach()

# CUDA files: no heavy host header.
file(GLOB_RECURSE cuda_files RELATIVE "${ROOT}" "${ROOT}/include/*.cuh" "${ROOT}/tests/*.cu" "${ROOT}/tests/*.cuh"
  "${ROOT}/examples/*.cu" "${ROOT}/benchmarks/*.cu")
foreach(file IN LISTS cuda_files)
  file(READ "${ROOT}/${file}" text)
  if(text MATCHES "#[ \t]*include[ \t]*[<\"]((Eigen|nlohmann|CLI|yaml-cpp|fmt)/[^>\"]*)")
    complain("${file}: a file for nvcc must not include <${CMAKE_MATCH_1}>")
  endif()
endforeach()

if(bad)
  message(FATAL_ERROR "house rules violated")
endif()
