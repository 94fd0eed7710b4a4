/// @file   ctp/autograd/tape.hpp
/// @brief  Tape of reverse-mode differentiation: memory and backward closures of one step.
/// @layer  autograd
#pragma once

#include <array>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include <ctp/backend/generic/memory.hpp>
#include <ctp/tensor/arena.hpp>
#include <ctp/tensor/tensor.hpp>

namespace ctp {

/// @brief Tape of one step: the backward closures of its operations and the memory of its values and gradients.
///
/// Rewinding drops the closures and frees the memory for the next step; the backend gets no memory back. Level 0 is the
/// memory of the whole step. Each further level is the memory of enclosed() blocks (pass.hpp), reused by each block.
template <class Backend>
class Tape {
 public:
  static constexpr std::size_t levels = 3;  ///< number of memory levels

  /// An uninitialised tensor. Level 0: valid until the next rewind(); else until the end of the enclosed() block.
  template <class T, std::size_t Rank>
  Tensor<T, Rank, Backend> make(Shape<Rank> shape, std::size_t level = 0) {
    return {memory_[level].template allocate_array<T>(count(shape)), shape};
  }

  /// Keeps a closure for backward(). The closure must be trivially destructible: views and numbers only.
  template <class Closure>
  void record(Closure closure) {
    static_assert(std::is_trivially_destructible_v<Closure>, "a backward closure holds views and numbers only");
    struct Entry : Node {
      Closure closure;
      explicit Entry(Closure c) : closure(std::move(c)) {}
    };
    auto* entry = new (closures_.allocate(sizeof(Entry))) Entry(std::move(closure));
    entry->earlier = last_;
    entry->run = [](Node* node) { static_cast<Entry*>(node)->closure(); };
    last_ = entry;
  }

  /// Runs the closures in reverse order of record().
  void backward() {
    for (Node* node = last_; node != nullptr; node = node->earlier) node->run(node);
  }

  /// State of the step's memory (level 0).
  using Mark = typename Arena<Backend>::Mark;
  [[nodiscard]] Mark mark() const { return memory_[0].mark(); }
  /// Marks the step's memory up to `mark` as allocated, so that later tensors do not overlap the values of a replay.
  void advance(Mark mark) { memory_[0].release(mark); }

  /// Drops the closures and frees all memory. Returns whether the memory of tensors has moved: the same work then gets
  /// new addresses, so captures of the step are invalid.
  bool rewind() {
    last_ = nullptr;
    bool moved = false;
    for (auto* arenas : {&memory_, &unzeroed_})
      for (Arena<Backend>& memory : *arenas) moved |= memory.rewind();
    closures_.rewind();
    return moved;
  }

  /// Memory of tensors. A caller that releases to a mark must have recorded no closure that uses the released memory.
  [[nodiscard]] Arena<Backend>& memory(std::size_t level) { return memory_[level]; }
  /// Memory of gradients that a backward pass overwrites (Operand) and that are not zeroed before.
  [[nodiscard]] Arena<Backend>& unzeroed(std::size_t level) { return level == 0 ? memory_[0] : unzeroed_[level]; }
  /// Bytes held for tensors, allocated or free.
  [[nodiscard]] std::size_t capacity() const {
    std::size_t total = 0;
    for (const auto* arenas : {&memory_, &unzeroed_})
      for (const Arena<Backend>& memory : *arenas) total += memory.capacity();
    return total;
  }

 private:
  struct Node {
    Node* earlier = nullptr;
    void (*run)(Node*) = nullptr;
  };

  std::array<Arena<Backend>, levels> memory_, unzeroed_;
  Arena<backend::generic::Memory> closures_;
  Node* last_ = nullptr;
};

}  // namespace ctp
