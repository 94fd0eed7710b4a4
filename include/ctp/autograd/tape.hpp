/// @file   ctp/autograd/tape.hpp
/// @brief  Memory and backward closures of one step.
/// @layer  autograd - may include: core, backend, tensor
#pragma once

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
template <class Backend>
class Tape {
 public:
  /// An uninitialised tensor that lives until the next rewind().
  template <class T, std::size_t Rank>
  Tensor<T, Rank, Backend> make(Shape<Rank> shape) {
    return {memory_.template allocate_array<T>(count(shape)), shape};
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

  void rewind() {
    last_ = nullptr;
    memory_.rewind();
    closures_.rewind();
  }

  /// Memory for tensors; a caller that releases to a mark must not have recorded closures that use what is released.
  [[nodiscard]] Arena<Backend>& memory() { return memory_; }

 private:
  struct Node {
    Node* earlier = nullptr;
    void (*run)(Node*) = nullptr;
  };

  Arena<Backend> memory_;
  Arena<backend::generic::Memory> closures_;
  Node* last_ = nullptr;
};

}  // namespace ctp
