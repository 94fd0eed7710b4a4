#include <ctp/backend/cuda/runtime/input_queue.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/philox.hpp>
#include <ctp/core/scratch.hpp>

namespace {

/// A device that runs its work later: each stream by itself, one piece at a time.
class LateDevice {
 public:
  /// Work that returns whether it could run; work that cannot run blocks all work behind it.
  using Order = std::deque<std::function<bool()>>;
  Order computes, copies;
  bool computing = true;  ///< if false, nothing is computed, however long the host waits

  explicit LateDevice(std::uint64_t seed) : random_(ctp::RandomStream(seed, "late device"), {}) {}

  static bool step(Order& order) {
    if (order.empty() || !order.front()()) return false;
    order.pop_front();
    return true;
  }
  /// Lets time pass: runs a random amount of work.
  void pass() {
    for (std::uint32_t turns = random_.below(6); turns > 0; --turns) one();
  }
  template <class Done>
  void until(const Done& done) {
    for (int idle = 0; !done(); idle = one() ? 0 : idle + 1)
      if (idle > 100) throw std::runtime_error("waits for ever");
  }
  static LateDevice*& current() {
    static LateDevice* device = nullptr;
    return device;
  }

 private:
  bool one() { return random_.below(2) == 0 ? step(copies) : computing && step(computes); }
  ctp::RandomSubstream random_;
};

class LateStreams {
 public:
  class Event {
   public:
    void wait() const {
      const auto passed = here();
      LateDevice::current()->until(passed);
    }
    void record(LateDevice::Order& order) {
      order.emplace_back([places = places_, place = ++places_->recorded] {
        places->passed = place;
        return true;
      });
    }
    void hold(LateDevice::Order& order) const { order.emplace_back(here()); }

   private:
    struct Places {
      int recorded = 0, passed = 0;
    };
    /// True if the event is complete.
    [[nodiscard]] std::function<bool()> here() const {
      return [places = places_, place = places_->recorded] { return places->passed >= place; };
    }
    std::shared_ptr<Places> places_ = std::make_shared<Places>();
  };

  static ctp::AlignedMemory allocate_pinned(std::size_t bytes) { return ctp::allocate_aligned(bytes); }
  static ctp::AlignedMemory allocate(std::size_t bytes) { return ctp::allocate_aligned(bytes); }
  void copy(const std::byte* from, std::size_t bytes, std::byte* to, const Event& after, Event& copied) {
    LateDevice& device = *LateDevice::current();
    after.hold(device.copies);
    const auto piece = [&](std::size_t begin, std::size_t end) {
      device.copies.emplace_back([=] {
        for (std::size_t i = begin; i < end; ++i) to[i] = from[i];
        return true;
      });
    };
    piece(0, bytes / 2);  // a change between the two halves shows
    piece(bytes / 2, bytes);
    copied.record(device.copies);
    copied.hold(device.computes);
  }
  void mark(Event& event) { event.record(LateDevice::current()->computes); }
};

using Queue = ctp::backend::cuda::InputQueue<LateStreams>;

std::byte value(int block, std::size_t i) { return static_cast<std::byte>(block * 37 + static_cast<int>(i) * 5); }

/// Sends block `number` and computes with the block on the device, in two pieces of work. Counts wrong reads.
void send(Queue& queue, LateDevice& device, int number, std::size_t bytes, int& different) {
  std::byte* host = queue.prepare(bytes);
  for (std::size_t i = 0; i < bytes; ++i) host[i] = value(number, i);
  device.pass();
  const std::byte* there = queue.send();
  device.pass();
  for (int piece = 0; piece < 2; ++piece)
    device.computes.emplace_back([=, &different] {
      for (std::size_t i = 0; i < bytes; ++i) different += there[i] == value(number, i) ? 0 : 1;
      return true;
    });
  queue.release();
  device.pass();
}

}  // namespace

TEST_CASE("input queue: whichever work is late, the device computes with the block that was sent") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    LateDevice device(seed);
    LateDevice::current() = &device;
    ctp::RandomSubstream random(ctp::RandomStream(seed, "sizes"), {});
    int different = 0;
    Queue queue;
    for (int block = 0; block < 30; ++block)
      send(queue, device, block, 1 + random.below(40 + static_cast<std::uint32_t>(block)), different);
    device.until([&] { return device.computes.empty() && device.copies.empty(); });
    REQUIRE(different == 0);
  }
}

TEST_CASE("input queue: the host runs ahead of the device, and waits only for memory that is still to be read") {
  LateDevice device(1);
  LateDevice::current() = &device;
  device.computing = false;
  int different = 0;
  Queue queue;
  for (int block = 0; block < 4; ++block) send(queue, device, block, 8, different);
  CHECK_THROWS_WITH(queue.prepare(8), "waits for ever");  // block 2 is not copied before block 0 has been read
  CHECK_FALSE(device.computes.empty());

  device.computing = true;
  send(queue, device, 4, 8, different);
  device.until([&] { return device.computes.empty(); });
  CHECK(different == 0);
}
