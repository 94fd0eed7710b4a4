/// @file   processor.hpp
/// @brief  Instructions of x86 processors: those that a program was built with, and those that a processor has.
///
/// Everything has internal linkage and uses no library: processor_check.cpp compiles it for any x86-64 processor, and
/// the linker must not replace it by the code of another unit.
#pragma once

namespace processor {

/// A set of instruction groups: bit numbers of CTP_PROCESSOR_GROUPS.
using Groups = unsigned long long;

/// F(bit, macro of the compiler, name for __builtin_cpu_supports, name for messages)
#define CTP_PROCESSOR_GROUPS(F)                                    \
  F(0, __SSE3__, "sse3", "SSE3")                                   \
  F(1, __SSSE3__, "ssse3", "SSSE3")                                \
  F(2, __SSE4_1__, "sse4.1", "SSE4.1")                             \
  F(3, __SSE4_2__, "sse4.2", "SSE4.2")                             \
  F(4, __POPCNT__, "popcnt", "POPCNT")                             \
  F(5, __AVX__, "avx", "AVX")                                      \
  F(6, __F16C__, "f16c", "F16C")                                   \
  F(7, __FMA__, "fma", "FMA")                                      \
  F(8, __AVX2__, "avx2", "AVX2")                                   \
  F(9, __BMI__, "bmi", "BMI1")                                     \
  F(10, __BMI2__, "bmi2", "BMI2")                                  \
  F(11, __LZCNT__, "lzcnt", "LZCNT")                               \
  F(12, __MOVBE__, "movbe", "MOVBE")                               \
  F(13, __FMA4__, "fma4", "FMA4")                                  \
  F(14, __XOP__, "xop", "XOP")                                     \
  F(15, __GFNI__, "gfni", "GFNI")                                  \
  F(16, __AVX512F__, "avx512f", "AVX512F")                         \
  F(17, __AVX512CD__, "avx512cd", "AVX512CD")                      \
  F(18, __AVX512DQ__, "avx512dq", "AVX512DQ")                      \
  F(19, __AVX512BW__, "avx512bw", "AVX512BW")                      \
  F(20, __AVX512VL__, "avx512vl", "AVX512VL")                      \
  F(21, __AVX512IFMA__, "avx512ifma", "AVX512IFMA")                \
  F(22, __AVX512VBMI__, "avx512vbmi", "AVX512VBMI")                \
  F(23, __AVX512VBMI2__, "avx512vbmi2", "AVX512VBMI2")             \
  F(24, __AVX512VNNI__, "avx512vnni", "AVX512VNNI")                \
  F(25, __AVX512BITALG__, "avx512bitalg", "AVX512BITALG")          \
  F(26, __AVX512VPOPCNTDQ__, "avx512vpopcntdq", "AVX512VPOPCNTDQ") \
  F(27, __AVX512BF16__, "avx512bf16", "AVX512BF16")                \
  F(28, __AVXVNNI__, "avxvnni", "AVXVNNI")

#define CTP_PROCESSOR_TEXT(macro) #macro
#define CTP_PROCESSOR_DEFINED(macro) (CTP_PROCESSOR_TEXT(macro)[0] == '1')

/// The groups that the compiler may use in the unit that includes this file.
[[maybe_unused]] static constexpr Groups compiled_for() {
  Groups groups = 0;
#define CTP_PROCESSOR_ADD(bit, macro, name, shown) \
  if (CTP_PROCESSOR_DEFINED(macro)) groups |= Groups{1} << bit;
  CTP_PROCESSOR_GROUPS(CTP_PROCESSOR_ADD)
#undef CTP_PROCESSOR_ADD
  return groups;
}

#if defined(__x86_64__)
/// The groups that this processor has and the operating system permits.
[[maybe_unused]] static Groups supported() {
  __builtin_cpu_init();
  Groups groups = 0;
#define CTP_PROCESSOR_ADD(bit, macro, name, shown) \
  if (__builtin_cpu_supports(name)) groups |= Groups{1} << bit;
  CTP_PROCESSOR_GROUPS(CTP_PROCESSOR_ADD)
#undef CTP_PROCESSOR_ADD
  return groups;
}
#endif

namespace {

/// A line of text of fixed capacity.
struct Line {
  char text[1024] = {};
  unsigned length = 0;

  constexpr void add(const char* more) {
    for (; *more != '\0' && length + 1 < sizeof text; ++more) text[length++] = *more;
  }
  /// Appends the names of groups, separated by commas.
  constexpr void add(Groups groups) {
    bool first = true;
#define CTP_PROCESSOR_ADD(bit, macro, name, shown) \
  if ((groups >> bit & 1U) != 0) {                 \
    add(first ? "" : ", ");                        \
    add(shown);                                    \
    first = false;                                 \
  }
    CTP_PROCESSOR_GROUPS(CTP_PROCESSOR_ADD)
#undef CTP_PROCESSOR_ADD
  }
};

}  // namespace

/// The message for a processor that lacks groups which the program needs; empty if it lacks none.
[[maybe_unused]] static constexpr Line complaint(const char* program, Groups needed, Groups supported) {
  Line line;
  if ((needed & ~supported) == 0) return line;
  line.add(program);
  line.add(": processor: expected one with the instructions that this program was built for, found one without ");
  line.add(needed & ~supported);
  line.add("; build the program on this machine, or with the preset portable (x86-64-v3)\n");
  return line;
}

}  // namespace processor
