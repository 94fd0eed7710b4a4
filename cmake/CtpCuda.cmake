# ctp::cuda, the .cuh files on top of ctp::ctp. AUTO defines it where nvcc works and never fails; ON needs nvcc; OFF
# never looks. Sets CTP_WITH_CUDA.
set(CTP_WITH_CUDA FALSE)
file(GLOB_RECURSE ctp_cuda_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/ctp/*.cuh")

if(NOT CTP_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "ctp: CTP_CUDA: expected AUTO, ON or OFF, found '${CTP_CUDA}'")
endif()
if(CTP_CUDA STREQUAL "OFF" OR (CTP_CUDA STREQUAL "AUTO" AND NOT ctp_cuda_headers))
  return()
endif()

include(CheckLanguage)
check_language(CUDA)
if(CMAKE_CUDA_COMPILER)
  find_package(CUDAToolkit 12 QUIET)
endif()
if(NOT CMAKE_CUDA_COMPILER OR NOT CUDAToolkit_FOUND)
  if(CTP_CUDA STREQUAL "ON")
    message(FATAL_ERROR "ctp: CTP_CUDA=ON: expected nvcc of CUDA 12 or newer, found none that works; put nvcc on PATH, "
      "name it with -DCMAKE_CUDA_COMPILER=/path/to/nvcc, or build for the CPU alone with -DCTP_CUDA=OFF")
  endif()
  message(STATUS "ctp: builds without CUDA, since no nvcc of CUDA 12 or newer was found")
  return()
endif()

# Ampere, Hopper and, from CUDA 12.8 on, both kinds of Blackwell; the code for Ampere also in a form that newer devices
# translate for themselves.
if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 80 90-real)
  if(CUDAToolkit_VERSION VERSION_GREATER_EQUAL 12.8)
    list(APPEND CMAKE_CUDA_ARCHITECTURES 100-real 120-real)
  endif()
endif()
# One architecture is enough to see that tests and benchmarks compile. The programs, and the program that includes all
# .cuh files twice, are built for all.
set(CTP_CUDA_TEST_ARCHITECTURES "" CACHE STRING "CUDA architectures of tests and benchmarks; empty: those of the programs")
enable_language(CUDA)
set(CTP_WITH_CUDA TRUE)
message(STATUS "ctp: builds with CUDA ${CUDAToolkit_VERSION} for ${CMAKE_CUDA_ARCHITECTURES}")
add_library(ctp_cuda INTERFACE)
add_library(ctp::cuda ALIAS ctp_cuda)
set_target_properties(ctp_cuda PROPERTIES EXPORT_NAME cuda)
target_sources(ctp_cuda INTERFACE FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${ctp_cuda_headers})
target_include_directories(ctp_cuda INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>")
# Not ctp::ctp: no .cu ever sees Eigen. The runtime is that of CMAKE_CUDA_RUNTIME_LIBRARY, by default the static one:
# two kinds in one program would be two runtimes.
set(ctp_cudart CUDA::cudart_static)
if(CMAKE_CUDA_RUNTIME_LIBRARY STREQUAL "Shared")
  set(ctp_cudart CUDA::cudart)
endif()
target_link_libraries(ctp_cuda INTERFACE ${ctp_cudart} CUDA::cublas CUDA::cublasLt)
if("cuda_std_20" IN_LIST CMAKE_CUDA_COMPILE_FEATURES)
  target_compile_features(ctp_cuda INTERFACE cuda_std_20)
else()  # CMake 3.25 does not know C++20 for nvcc yet, and must not add the standard it does know
  if(PROJECT_IS_TOP_LEVEL)
    set(CMAKE_CUDA_EXTENSIONS ON)
  endif()
  target_compile_options(ctp_cuda INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>)
endif()
