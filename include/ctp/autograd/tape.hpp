/// @file   ctp/autograd/tape.hpp
/// @brief  Memory and backward closures of one step.
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

/// @brief Remembers how to differentiate what was computed, and owns the memory it was computed in.
///
/// Rewinding forgets the closures and frees the memory for the next step, without returning any of it to the system.
/// Beside the memory of the whole step there is some for each level of enclosed work (pass.hpp), used again and again.
template <class Backend>
class Tape {
 public:
  static constexpr std::size_t levels = 3;  ///< of memory; level 0 is that of the whole step

  /// An uninitialised tensor that lives until the next rewind(), or the end of the enclosed work of that level.
  template <class T, std::size_t Rank>
  Tensor<T, Rank, Backend> make(Shape<Rank> shape, std::size_t level = 0) {
    return {memory_[level].template allocate_array<T>(count(shape)), shape};
  }

  /// Keeps a closure for backward(). It may hold views and numbers, nothing that needs a destructor.
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

  /// Runs the closures, the last recorded first.
  void backward() {
    for (Node* node = last_; node != nullptr; node = node->earlier) node->run(node);
  }

  /// How much of the step's memory was handed out.
  using Mark = typename Arena<Backend>::Mark;
  [[nodiscard]] Mark mark() const { return memory_[0].mark(); }
  /// As if that much were handed out: what was computed there by a replay is not given to others.
  void advance(Mark mark) { memory_[0].release(mark); }

  /// Returns whether memory for tensors has moved: the same work then gets other addresses than before.
  bool rewind() {
    last_ = nullptr;
    bool moved = false;
    for (auto* arenas : {&memory_, &unzeroed_})
      for (Arena<Backend>& memory : *arenas) moved |= memory.rewind();
    closures_.rewind();
    return moved;
  }

  /// Memory for tensors; a caller that releases to a mark must not have recorded closures that use what is released.
  [[nodiscard]] Arena<Backend>& memory(std::size_t level) { return memory_[level]; }
  /// The same for gradients that need not begin as zero.
  [[nodiscard]] Arena<Backend>& unzeroed(std::size_t level) { return level == 0 ? memory_[0] : unzeroed_[level]; }
  /// Bytes held for tensors, in use or not.
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
