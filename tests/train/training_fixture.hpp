// Learners of small models.
#pragma once

#include <ctp/train/learner.hpp>

#include "engine_fixture.hpp"

namespace test {

using SeqF = ctp::Learner<ctp::strategy::SeqF, Model<float>>;
using Ctp = ctp::Learner<ctp::strategy::Ctp, Model<float>>;
using SeqFDouble = ctp::Learner<ctp::strategy::SeqF, Model<double>>;
using CtpDouble = ctp::Learner<ctp::strategy::Ctp, Model<double>>;

}  // namespace test

// Compiled once, in learner.test.cpp.
extern template class ctp::Learner<ctp::strategy::SeqF, test::Model<float>>;
extern template class ctp::Learner<ctp::strategy::Ctp, test::Model<float>>;
