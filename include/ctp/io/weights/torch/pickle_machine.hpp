/// @file   ctp/io/weights/torch/pickle_machine.hpp
/// @brief  A machine that reads a pickle of weights as plain data: it can call nothing.
/// @layer  io
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/quoted.hpp>
#include <ctp/io/weights/torch/pickle_builder.hpp>
#include <ctp/io/weights/torch/pickle_input.hpp>
#include <ctp/io/weights/torch/pickle_opcodes.hpp>
#include <ctp/io/weights/torch/pickle_value.hpp>
#include <ctp/io/weights/torch/rules.hpp>

namespace ctp::io::torch {

/// @brief Carries out the opcodes of one pickle. run() may be called once.
class PickleMachine {
 public:
  explicit PickleMachine(PickleInput& input) : input_(input), build_(input, data_) {}

  /// The pickle as data. **Errors.** DataError naming file, place, opcode and rule; see read_pickle().
  PickleData run() {
    build_.at(0, static_cast<std::uint8_t>(Opcode::Proto));
    if (const std::uint8_t first = input_.byte(); first != static_cast<std::uint8_t>(Opcode::Proto))
      build_.fail("opcodes", "PROTO at the beginning", opcode_name(first));
    if (const std::uint64_t version = input_.number(1); version < 2 || version > 5)
      build_.fail("opcodes", "protocol 2 to 5", std::to_string(version));
    for (;;) {
      const std::size_t at = input_.offset();
      const std::uint8_t code = input_.byte();
      build_.at(at, code);
      if (static_cast<Opcode>(code) == Opcode::Stop) break;
      step(static_cast<Opcode>(code), code);
    }
    if (stack_.size() != 1 || !marks_.empty())
      build_.fail("stack", "one value at the end", std::to_string(stack_.size()) + " values");
    data_.root = stack_.front();
    data_.length = input_.offset();
    data_.bytes = input_.take_bytes();
    return std::move(data_);
  }

 private:
  void step(Opcode opcode, std::uint8_t code) {
    switch (opcode) {
      case Opcode::Frame:
        if (const std::uint64_t length = input_.number(8); length > input_.rest())
          build_.fail("end", "a frame of at most the " + std::to_string(input_.rest()) + " bytes behind it",
                      std::to_string(length) + " bytes");
        return;
      case Opcode::None:
        return push({PickleKind::None, 0, 0});
      case Opcode::NewTrue:
        return push({PickleKind::Boolean, 0, 1});
      case Opcode::NewFalse:
        return push({PickleKind::Boolean, 0, 0});
      case Opcode::BinInt:
        return push_integer(static_cast<std::int32_t>(static_cast<std::uint32_t>(input_.number(4))));
      case Opcode::BinInt1:
        return push_integer(static_cast<std::int64_t>(input_.number(1)));
      case Opcode::BinInt2:
        return push_integer(static_cast<std::int64_t>(input_.number(2)));
      case Opcode::Long1:
        return push_long(input_.number(1));
      case Opcode::Long4:
        return push_long(input_.number(4));
      case Opcode::BinFloat:
        return push_float();
      case Opcode::BinUnicode:
      case Opcode::BinString:
        return push_bytes(PickleKind::Text, input_.number(4));
      case Opcode::ShortBinUnicode:
      case Opcode::ShortBinString:
        return push_bytes(PickleKind::Text, input_.number(1));
      case Opcode::BinUnicode8:
        return push_bytes(PickleKind::Text, input_.number(8));
      case Opcode::BinBytes:
        return push_bytes(PickleKind::Bytes, input_.number(4));
      case Opcode::ShortBinBytes:
        return push_bytes(PickleKind::Bytes, input_.number(1));
      case Opcode::Mark:
        count_value();
        return marks_.push_back(stack_.size());
      case Opcode::Pop:
        return static_cast<void>(pop());
      case Opcode::PopMark:
        return stack_.resize(take_mark());
      case Opcode::EmptyTuple:
        return push(build_.container(PickleKind::Tuple, {}));
      case Opcode::EmptyList:
        return push(build_.container(PickleKind::List, {}));
      case Opcode::EmptyDict:
        return push(build_.container(PickleKind::Dict, {}));
      case Opcode::Tuple:
        return push_tuple(stack_.size() - take_mark());
      case Opcode::Tuple1:
        return push_tuple(1);
      case Opcode::Tuple2:
        return push_tuple(2);
      case Opcode::Tuple3:
        return push_tuple(3);
      case Opcode::Append:
        return add(PickleKind::List, 1);
      case Opcode::Appends:
        return add(PickleKind::List, stack_.size() - take_mark());
      case Opcode::SetItem:
        return add(PickleKind::Dict, 2);
      case Opcode::SetItems:
        return add(PickleKind::Dict, stack_.size() - take_mark());
      case Opcode::Global: {
        const std::string module = input_.line(), name = input_.line();
        return push(build_.global(module, name));
      }
      case Opcode::StackGlobal: {
        const PickleValue name = pop(), module = pop();
        if (name.kind != PickleKind::Text || module.kind != PickleKind::Text)
          build_.fail("globals", "two texts",
                      std::string(kind_name(module.kind)) + " and " + std::string(kind_name(name.kind)));
        return push(build_.global(build_.text(module), build_.text(name)));
      }
      case Opcode::BinPersId:
        return push(build_.storage(pop()));
      case Opcode::Reduce: {
        const PickleValue arguments = pop(), global = pop();
        return push(build_.reduce(global, arguments));
      }
      case Opcode::Build: {
        const PickleValue state = pop();
        return build_.set_state(top(), state);
      }
      case Opcode::BinPut:
        return put(input_.number(1));
      case Opcode::LongBinPut:
        return put(input_.number(4));
      case Opcode::Memoize:
        return put(memo_.size());
      case Opcode::BinGet:
        return get(input_.number(1));
      case Opcode::LongBinGet:
        return get(input_.number(4));
      default:
        build_.fail("opcodes", "an opcode that makes data", opcode_name(code), only_tensors_remedy);
    }
  }

  // --- the stack ---------------------------------------------------------------------------------
  void count_value() {
    if (++values_ > limits::values)
      build_.fail("size", "at most " + std::to_string(limits::values) + " values", "more", only_tensors_remedy);
  }
  void push(PickleValue value) {
    count_value();
    stack_.push_back(value);
  }
  void push_integer(std::int64_t value) { push({PickleKind::Integer, 0, std::bit_cast<std::uint64_t>(value)}); }
  void push_float() {
    (void)input_.take(8);  // no reader of weights needs its value
    push({PickleKind::Float, 0, 0});
  }
  void push_bytes(PickleKind kind, std::uint64_t length) {
    const std::size_t from = input_.take(length);
    push({kind, static_cast<std::uint32_t>(length), from});
  }
  /// Two's complement, the lowest byte first.
  void push_long(std::uint64_t length) {
    if (length > limits::integer_bytes)
      build_.fail("size", "an integer of at most " + std::to_string(limits::integer_bytes) + " bytes",
                  std::to_string(length) + " bytes");
    if (length > 8) return push_bytes(PickleKind::Long, length);
    std::uint64_t value = input_.number(static_cast<std::size_t>(length));
    const auto unused = static_cast<unsigned>(64 - 8 * length);
    if (length > 0 && (value >> (8 * length - 1)) != 0 && unused > 0) value |= ~std::uint64_t{0} << (64 - unused);
    push_integer(std::bit_cast<std::int64_t>(value));
  }
  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  PickleValue& top() {
    if (stack_.size() <= floor()) build_.fail("stack", "a value on the stack", "none");
    return stack_.back();
  }
  PickleValue pop() {
    const PickleValue value = top();
    stack_.pop_back();
    return value;
  }
  std::size_t take_mark() {
    if (marks_.empty()) build_.fail("stack", "a mark on the stack", "none");
    const std::size_t mark = marks_.back();
    marks_.pop_back();
    return mark;
  }
  [[nodiscard]] std::vector<PickleValue> pop_several(std::size_t count) {
    if (stack_.size() < floor() + count)
      build_.fail("stack", std::to_string(count) + " values on the stack", std::to_string(stack_.size() - floor()));
    std::vector<PickleValue> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }
  void push_tuple(std::size_t count) { push(build_.container(PickleKind::Tuple, pop_several(count))); }
  void add(PickleKind kind, std::size_t count) {
    const std::vector<PickleValue> items = pop_several(count);
    build_.add(kind, top(), items);
  }

  // --- the memo ----------------------------------------------------------------------------------
  void put(std::uint64_t index) {
    if (index > memo_.size() || index >= limits::values)
      build_.fail("memo", "a place up to " + std::to_string(memo_.size()), std::to_string(index), python2_remedy);
    if (index == memo_.size()) memo_.emplace_back();
    memo_[static_cast<std::size_t>(index)] = top();
  }
  void get(std::uint64_t index) {
    if (index >= memo_.size())
      build_.fail("memo", "one of the " + std::to_string(memo_.size()) + " places that were put", std::to_string(index),
                  python2_remedy);
    push(memo_[static_cast<std::size_t>(index)]);
  }

  PickleInput& input_;
  PickleData data_;
  PickleBuilder build_;
  std::vector<PickleValue> stack_, memo_;
  std::vector<std::size_t> marks_;
  std::size_t values_ = 0;
};

/// @brief Reads one pickle of weights from `input`. Nothing in it is called, imported or opened.
///
/// **Errors.** DataError naming file, place, opcode, rule, expected, found and remedy, by these rules. 'opcodes': those
/// of pickle_opcodes.hpp, protocol 2 to 5. 'globals': those of pickle_globals.hpp. 'calls': REDUCE of one of these,
/// with the arguments that PyTorch writes. 'state': BUILD of a collections.OrderedDict. 'storages': a storage as
/// PyTorch names it, every key with one type and one length. 'views': problem_of(). 'stack', 'memo': nothing is read
/// that was not put. 'kinds': lists get items, dicts get pairs. 'depth', 'size': limits. 'end': all of it is there.
/// **Source.** Python, Lib/pickletools.py; torch/serialization.py and torch/_utils.py.
inline PickleData read_pickle(PickleInput& input) { return PickleMachine(input).run(); }

}  // namespace ctp::io::torch
