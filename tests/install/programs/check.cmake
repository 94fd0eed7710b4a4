# cmake -DROOT=... -DBUILD=... -DWORK=... -DCOMPILER=... -DGENERATOR=... -DMAKE_STREAM=<program> -P check.cmake: builds
# the programs with a strategy and an encoder of a user, from an installed package, trains two tasks and evaluates the
# weights. From the source tree the same project is only configured, since compiling is what takes the time.
cmake_minimum_required(VERSION 3.25)

# call(<code> <command...>): runs a command. Sets output and errors.
function(call code)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT result EQUAL code)
    list(JOIN ARGN " " command)
    message("${output}${errors}")
    message(FATAL_ERROR "expected exit code ${code}, found ${result}: ${command}")
  endif()
  set(output "${output}" PARENT_SCOPE)
  set(errors "${errors}" PARENT_SCOPE)
endfunction()

# expect(<variable> <text>): the text is part of the variable's value.
function(expect variable text)
  string(FIND "${${variable}}" "${text}" at)
  if(at EQUAL -1)
    message("${${variable}}")
    message(FATAL_ERROR "expected this text in the above: ${text}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
set(project "${ROOT}/tests/install/programs")
set(how -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}" -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS_DEBUG=")
call(0 "${CMAKE_COMMAND}" -S "${project}" -B "${WORK}/source" "-DCTP_SOURCE_DIR=${ROOT}" ${how})
call(0 "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix")
call(0 "${CMAKE_COMMAND}" -S "${project}" -B "${WORK}/build" "-DCMAKE_PREFIX_PATH=${WORK}/prefix" ${how})
call(0 "${CMAKE_COMMAND}" --build "${WORK}/build" --target mine --parallel 1)
set(mine "${WORK}/build/bin/mine")

# The programs know the strategies and their settings, and no others.
call(0 "${mine}/continual_pretrain" --help)
expect(output "mine plain [mine]")
call(0 "${MAKE_STREAM}" --output "${WORK}/stream" --train 160 --test 60 --quiet)
set(options --config "${project}/small.json" --data "${WORK}/stream" --tasks 食品/保健,美容护理)
call(0 "${mine}/continual_pretrain" ${options} --set drift.factor=2 --dry-run)
expect(output "would train mine on 2 tasks")
expect(output "mine = 1, which is")
call(2 "${mine}/continual_pretrain" ${options} --output "${WORK}/run" --set drift.factors=2)
expect(errors "did you mean \"drift.factor\"")
call(2 "${mine}/continual_pretrain" ${options} --output "${WORK}/run" --strategy seqf)
expect(errors "--strategy: expected the name of a strategy, found 'seqf'")
call(2 "${mine}/continual_pretrain" ${options} --output "${WORK}/run" --strategy plain --set drift.factor=2)
expect(errors "expected a setting of the strategy plain, found a setting of mine")

# Two tasks; the distillation is silent on the first. The factor is the distillation's own.
call(0 "${mine}/continual_pretrain" ${options} --output "${WORK}/run" --set drift.factor=2 --json)
string(REGEX MATCHALL "\"drift\":[0-9.e+-]+" drifts "${output}")
list(LENGTH drifts count)
if(NOT count EQUAL 2)
  message(FATAL_ERROR "expected the distillation in both steps of the second task alone, found ${drifts}")
endif()
string(REGEX MATCH "\"kind\":\"summary\".*" summary "${output}")
string(JSON trained GET "{${summary}" matrix 1 1)

# The weights, under the encoder's own names, evaluate to the numbers of the training.
call(0 "${mine}/evaluate" --data "${WORK}/stream" --weights "${WORK}/run/task_01.safetensors" --json)
string(JSON name GET "${output}" per_task 3 name)
string(JSON measured GET "${output}" per_task 3 r_mean)
if(NOT name STREQUAL "美容护理" OR NOT measured EQUAL trained)
  message(FATAL_ERROR "evaluate: expected ${trained} for 美容护理 as in the training, found ${measured} for ${name}")
endif()

# A call of ctp_add_programs() that cannot be meant is refused with what it expects.
foreach(case IN ITEMS "HEADER none.hpp STRATEGIES Mine|expected a file that defines the types, found 'none.hpp'"
  "HEADER mine.hpp|expected STRATEGIES, IMAGE_ENCODER or TEXT_ENCODER" "HEADER mine.hpp IMAGE_ENCODER A ONLY|ONLY: expected"
  "HEADER mine.hpp STRATEGIES Mine PROGRAMS pretrain|expected continual_pretrain, evaluate, conformance, found 'pretrain'")
  string(REGEX MATCH "^([^|]*)\\|(.*)$" _ "${case}")
  set(expected "${CMAKE_MATCH_2}")
  file(WRITE "${WORK}/wrong/mine.hpp" "\n")
  file(WRITE "${WORK}/wrong/CMakeLists.txt" "cmake_minimum_required(VERSION 3.25)\nproject(wrong LANGUAGES CXX)\n"
    "find_package(ctp 0.1 REQUIRED COMPONENTS programs)\nctp_add_programs(wrong ${CMAKE_MATCH_1})\n")
  call(1 "${CMAKE_COMMAND}" -S "${WORK}/wrong" -B "${WORK}/wrong/build" "-DCMAKE_PREFIX_PATH=${WORK}/prefix" ${how})
  string(REGEX REPLACE "[ \n]+" " " errors "${errors}")  # CMake breaks lines
  expect(errors "${expected}")
endforeach()
