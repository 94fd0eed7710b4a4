/// @file   ctp/io/weights/torch/pickle_opcodes.hpp
/// @brief  The opcodes of Python's pickles: those that the machine carries out, and the names of the others.
/// @layer  io
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ctp::io::torch {

/// @brief The opcodes that the machine carries out: those that make plain data, those that name a global or a storage,
/// and REDUCE and BUILD, which build a few known values. **Source.** Python, Lib/pickletools.py.
enum class Opcode : std::uint8_t {
  Mark = '(',
  Stop = '.',
  Pop = '0',
  PopMark = '1',
  BinInt = 'J',
  BinInt1 = 'K',
  BinInt2 = 'M',
  None = 'N',
  BinPersId = 'Q',
  Reduce = 'R',
  BinString = 'T',
  ShortBinString = 'U',
  BinUnicode = 'X',
  Append = 'a',
  Build = 'b',
  Global = 'c',
  Appends = 'e',
  BinGet = 'h',
  LongBinGet = 'j',
  BinPut = 'q',
  LongBinPut = 'r',
  SetItem = 's',
  Tuple = 't',
  SetItems = 'u',
  EmptyDict = '}',
  EmptyList = ']',
  EmptyTuple = ')',
  BinFloat = 'G',
  BinBytes = 'B',
  ShortBinBytes = 'C',
  Proto = 0x80,
  Tuple1 = 0x85,
  Tuple2 = 0x86,
  Tuple3 = 0x87,
  NewTrue = 0x88,
  NewFalse = 0x89,
  Long1 = 0x8A,
  Long4 = 0x8B,
  ShortBinUnicode = 0x8C,
  BinUnicode8 = 0x8D,
  StackGlobal = 0x93,
  Memoize = 0x94,
  Frame = 0x95
};

namespace detail {
inline constexpr std::array<std::pair<std::uint8_t, std::string_view>, 68> opcode_names{{{'(', "MARK"},
                                                                                         {'.', "STOP"},
                                                                                         {'0', "POP"},
                                                                                         {'1', "POP_MARK"},
                                                                                         {'2', "DUP"},
                                                                                         {'F', "FLOAT"},
                                                                                         {'I', "INT"},
                                                                                         {'J', "BININT"},
                                                                                         {'K', "BININT1"},
                                                                                         {'L', "LONG"},
                                                                                         {'M', "BININT2"},
                                                                                         {'N', "NONE"},
                                                                                         {'P', "PERSID"},
                                                                                         {'Q', "BINPERSID"},
                                                                                         {'R', "REDUCE"},
                                                                                         {'S', "STRING"},
                                                                                         {'T', "BINSTRING"},
                                                                                         {'U', "SHORT_BINSTRING"},
                                                                                         {'V', "UNICODE"},
                                                                                         {'X', "BINUNICODE"},
                                                                                         {'a', "APPEND"},
                                                                                         {'b', "BUILD"},
                                                                                         {'c', "GLOBAL"},
                                                                                         {'d', "DICT"},
                                                                                         {'}', "EMPTY_DICT"},
                                                                                         {'e', "APPENDS"},
                                                                                         {'g', "GET"},
                                                                                         {'h', "BINGET"},
                                                                                         {'i', "INST"},
                                                                                         {'j', "LONG_BINGET"},
                                                                                         {'l', "LIST"},
                                                                                         {']', "EMPTY_LIST"},
                                                                                         {'o', "OBJ"},
                                                                                         {'p', "PUT"},
                                                                                         {'q', "BINPUT"},
                                                                                         {'r', "LONG_BINPUT"},
                                                                                         {'s', "SETITEM"},
                                                                                         {'t', "TUPLE"},
                                                                                         {')', "EMPTY_TUPLE"},
                                                                                         {'u', "SETITEMS"},
                                                                                         {'G', "BINFLOAT"},
                                                                                         {'B', "BINBYTES"},
                                                                                         {'C', "SHORT_BINBYTES"},
                                                                                         {0x80, "PROTO"},
                                                                                         {0x81, "NEWOBJ"},
                                                                                         {0x82, "EXT1"},
                                                                                         {0x83, "EXT2"},
                                                                                         {0x84, "EXT4"},
                                                                                         {0x85, "TUPLE1"},
                                                                                         {0x86, "TUPLE2"},
                                                                                         {0x87, "TUPLE3"},
                                                                                         {0x88, "NEWTRUE"},
                                                                                         {0x89, "NEWFALSE"},
                                                                                         {0x8A, "LONG1"},
                                                                                         {0x8B, "LONG4"},
                                                                                         {0x8C, "SHORT_BINUNICODE"},
                                                                                         {0x8D, "BINUNICODE8"},
                                                                                         {0x8E, "BINBYTES8"},
                                                                                         {0x8F, "EMPTY_SET"},
                                                                                         {0x90, "ADDITEMS"},
                                                                                         {0x91, "FROZENSET"},
                                                                                         {0x92, "NEWOBJ_EX"},
                                                                                         {0x93, "STACK_GLOBAL"},
                                                                                         {0x94, "MEMOIZE"},
                                                                                         {0x95, "FRAME"},
                                                                                         {0x96, "BYTEARRAY8"},
                                                                                         {0x97, "NEXT_BUFFER"},
                                                                                         {0x98, "READONLY_BUFFER"}}};
}  // namespace detail

/// "REDUCE"; "byte 255" if no opcode has this value.
inline std::string opcode_name(std::uint8_t code) {
  for (const auto& [known, name] : detail::opcode_names)
    if (known == code) return std::string(name);
  return "byte " + std::to_string(code);
}

}  // namespace ctp::io::torch
