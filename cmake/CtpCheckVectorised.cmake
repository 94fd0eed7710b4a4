# cmake -DCOMPILER=<g++> -DSOURCE=<unit> -DHEADER=<header> -DINCLUDE=<folder> [-DFLAGS=<more>] -P cmake/CtpCheckVectorised.cmake
# Every loop of the header that is marked CTP_SIMD must be vectorised, for a processor with AVX2: a loop that is not takes
# four times as long, and no result shows it. The unit instantiates all loops.
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND "${COMPILER}" -std=c++20 -O3 -march=x86-64-v3 -fno-math-errno -fno-trapping-math -fopenmp
    -fopt-info-vec-optimized ${FLAGS} "-I${INCLUDE}" -c "${SOURCE}" -o /dev/null
  OUTPUT_VARIABLE notes ERROR_VARIABLE notes RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "${SOURCE} does not compile:\n${notes}")
endif()
cmake_path(GET HEADER FILENAME name)
cmake_path(GET SOURCE FILENAME unit)
file(READ "${HEADER}" text)
string(REGEX REPLACE "[][;]" " " text "${text}")  # these have a meaning in lists
string(REPLACE "\n" ";" text "${text}")
set(number 0)
set(marked FALSE)
set(seen 0)
foreach(line IN LISTS text)
  math(EXPR number "${number} + 1")
  if(marked)
    set(marked FALSE)
    math(EXPR seen "${seen} + 1")
    # A note names the line of the loop, or the first statement of its body, which may be a functor's.
    math(EXPR next "${number} + 1")
    if(line MATCHES "body\\(i\\)")
      set(place "${unit}")
    else()
      set(place "${name}:(${number}|${next})")
    endif()
    if(NOT notes MATCHES "${place}:[0-9]+(:[0-9]+)?: optimized: loop vectorized")
      string(STRIP "${line}" line)
      message(SEND_ERROR "${HEADER}:${number}: the compiler does not vectorise this loop: ${line}")
    endif()
  elseif(line MATCHES "CTP_SIMD")
    set(marked TRUE)
  endif()
endforeach()
if(seen LESS 5)
  message(FATAL_ERROR "${HEADER}: expected at least 5 loops marked CTP_SIMD, found ${seen}")
endif()
message("${seen} loops are vectorised")
