#include <ctp/testing/loss_state.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/backend/cpu/backend.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/objective/in_batch_contrast.hpp>
#include <ctp/objective/momentum_contrast.hpp>
#include <ctp/testing/loss.hpp>

using ctp::testing::check_loss_state;
using ctp::testing::Report;

namespace {
using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::BasicCpu<double>>;
const Model model(ctp::testing::micro);

bool mentions(const Report& report, const std::string& text) { return report.log.find(text) != std::string::npos; }

/// Keeps the mean image feature of the last batch, and counts batches.
template <class Model>
struct Centre {
  ctp::Buffer<typename Model::Real, typename Model::Backend> centre;
  std::vector<std::int32_t> batches;
  bool shows_centre = true, shows_batches = true, one_name = false;

  template <class Archive>
  void visit(Archive& archive) {
    if (shows_centre) archive("centre", centre);
    if (shows_batches) archive(one_name ? "centre" : "batches", batches);
  }
};

/// The mean length of the image projections minus the centre, as a loss with a State. Without commit().
struct Unfilled {
  static constexpr const char* name = "unfilled";
  static constexpr ctp::Needs needs{};
  bool shows_centre = true, shows_batches = true, one_name = false;

  template <class Model>
  using State = Centre<Model>;
  template <class Model>
  State<Model> init(const Model& m, std::uint64_t) const {
    return {ctp::Buffer<double, typename Model::Backend>(m.config().embed), {}, shows_centre, shows_batches, one_name};
  }
  template <class Step, class OwnState>
  auto loss(Step& step, OwnState& state) const {
    const auto& pass = step.online.pass();
    const auto x = step.online.image_raw();
    auto centre = pass.make(x.value.shape);
    const auto columns = x.value.shape[1];
    for (ctp::Index i = 0; i < x.value.size(); ++i) centre.value.data[i] = state.centre.data()[i % columns];
    const double weight = 1 + static_cast<double>(state.batches.size());
    return scale(pass, mean(pass, row_lengths(pass, add(pass, x, centre, -1))), weight);
  }
};
/// The same with commit().
struct Filled : Unfilled {
  static constexpr const char* name = "filled";

  template <class Step, class OwnState>
  void commit(Step& step, OwnState& state) const {
    const auto x = step.online.image_raw().value;
    ctp::BasicCpu<double>::copy(x.data, x.shape[1], state.centre.data());
    state.batches.push_back(static_cast<std::int32_t>(state.batches.size()));
  }
};
/// Says that its State stays.
struct Fixed : Unfilled {
  static constexpr const char* name = "fixed";

  template <class Step, class OwnState>
  void commit(Step&, OwnState&) const {}
};
/// Makes its buffer when it is first needed.
struct Late : Unfilled {
  static constexpr const char* name = "late";

  template <class Model>
  State<Model> init(const Model&, std::uint64_t) const {
    return {};
  }
  template <class Step, class OwnState>
  auto loss(Step& step, OwnState&) const {
    return mean(step.online.pass(), row_lengths(step.online.pass(), step.online.image_raw()));
  }
  template <class Step, class OwnState>
  void commit(Step& step, OwnState& state) const {
    state.centre = ctp::Buffer<double, typename Step::Backend>(step.online.image_raw().value.shape[1]);
  }
};
/// Momentum contrast whose author forgot commit(): the queue keeps its random rows.
struct NoQueue : ctp::objective::MomentumContrast {
 private:
  using MomentumContrast::commit;
};

}  // namespace

TEST_CASE("loss state: a State that is filled and shown whole, that stays on purpose, or that does not exist, passes") {
  CHECK(check_loss_state(ctp::objective::MomentumContrast{}, model).log.empty());
  CHECK(check_loss_state(ctp::objective::InBatchContrast{}, model).log.empty());
  CHECK(check_loss_state(Filled{}, model).log.empty());
  CHECK(check_loss_state(Fixed{}, model).log.empty());
}

TEST_CASE("loss state: a State without commit, which nothing fills, is reported with its members") {
  CHECK(check_loss_state(Unfilled{}, model).log ==
        "unfilled: the State stays as init() made it: visit() shows \"centre\", \"batches\", and nothing of it changes "
        "in six steps; write 'void commit(Step& step, State<typename Step::Model>& state) const', an empty one if this "
        "is meant\n");
  CHECK(mentions(check_loss_state(NoQueue{}, model), "visit() shows \"image_queue\", \"text_queue\", \"queue_ptr\""));
  CHECK(mentions(ctp::testing::check_loss(ctp::All<Unfilled>{}, model), "unfilled: the State stays as init() made it"));
}

TEST_CASE("loss state: a buffer that a new State does not have in its size is reported") {
  CHECK(check_loss_state(Late{}, model).log ==
        "late: a new State does not take a saved one: saved state: centre: expected 0 bytes, found 32; restore it into "
        "the same strategy, model and backend as it was saved from, with the same observers; let init() make every "
        "buffer in its final size\n");
}

TEST_CASE("loss state: a member that visit() leaves out, in the backend's memory or on the host, is reported") {
  const Report no_centre = check_loss_state(Filled{{.shows_centre = false}}, model);
  CHECK(mentions(no_centre, "filled: visit() does not show the whole State: the next losses are "));
  CHECK(mentions(no_centre, "visit() shows \"batches\"; call archive"));
  CHECK(mentions(check_loss_state(Filled{{.shows_batches = false}}, model), "visit() shows \"centre\"; call archive"));
  CHECK(mentions(check_loss_state(Filled{{.shows_centre = false, .shows_batches = false}}, model),
                 "visit() shows nothing; call archive"));
}

TEST_CASE("loss state: one name for two members is reported") {
  CHECK(mentions(check_loss_state(Filled{{.one_name = true}}, model),
                 "filled: visit() gives two members the name \"centre\""));
}
