/// @file   ctp/backend/cuda/kernel/column_sums.hpp
/// @brief  Column sums of a matrix without atomics, in an order that depends on the shape only.
/// @layer  backend
#pragma once

#include <algorithm>
#include <type_traits>

#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/backend/cuda/kernel/read_ahead.hpp>

namespace ctp::backend::cuda {

namespace kernel {

/// Two terms or sums of one column, or two arrays of sums.
template <class T>
struct alignas(2 * sizeof(T)) Two {
  T first{}, second{};
  CTP_HD Two& operator+=(const Two& other) {
    first += other.first;
    second += other.second;
    return *this;
  }
};

/// @brief partial[part, column] = the sum of term(row, column) over the rows of a part, in the order of the rows.
///
/// Eight rows are read before the first of them is used. A term that writes must satisfy ReadsAhead<Term, Index,
/// Index>; its use() returns the term. So must a term that ends with a product: a device fuses product and sum, for
/// each row alike only if both are in one place. Any other term only reads, and eight terms are computed before the
/// first is added.
template <class Sum, class Term>
struct PartialColumnSums {
  static constexpr int rows_ahead = 8;
  Index rows, columns, rows_of_part;
  Term term;
  Sum* partial;
  CTP_HD void operator()(Index i) const {
    const Index part = i / columns, column = i % columns;
    const Index end = (part + 1) * rows_of_part < rows ? (part + 1) * rows_of_part : rows;
    Sum sum{};
    if constexpr (ReadsAhead<Term, Index, Index>)
      read_ahead<rows_ahead>(
          part * rows_of_part, end, [&](Index row) { return term.read(row, column); },
          [&](const auto& loaded, Index row) { sum += term.use(loaded, row, column); });
    else
      read_ahead<rows_ahead>(
          part * rows_of_part, end, [&](Index row) { return term(row, column); },
          [&](const Sum& one, Index) { sum += one; });
    partial[i] = sum;
  }
};

/// @brief sums[column] += the sum of the parts' sums, in the order of the parts. `Sums`: a pointer, or two.
template <class Sum, class Sums>
struct AddParts {
  static constexpr int parts_ahead = 16;
  Index parts, columns;
  const Sum* partial;
  Sums sums;
  CTP_HD void operator()(Index column) const {
    Sum sum{};
    read_ahead<parts_ahead>(
        0, parts, [&](Index part) { return partial[part * columns + column]; },
        [&](const Sum& one, Index) { sum += one; });
    if constexpr (std::is_pointer_v<Sums>) {
      sums[column] += sum;
    } else {
      sums.first[column] += sum.first;
      sums.second[column] += sum.second;
    }
  }
};

/// The term x[row, column]. `Number`: converts to Real.
template <class Real, class Number = Real>
struct Element {
  Index columns;
  const Number* x;
  CTP_HD Real operator()(Index row, Index column) const { return static_cast<Real>(x[row * columns + column]); }
};

}  // namespace kernel

/// kernel::AddParts of `parts` sums for each column.
template <class Runtime, class Sum, class Sums>
void add_parts(Index parts, Index columns, const Sum* partial, const Sums& sums) {
  launch_each<Runtime>(columns, kernel::AddParts<Sum, Sums>{parts, columns, partial, sums});
}

namespace detail {

template <class Runtime, class Sum, class Term, class Sums>
void add_column_sums(Index rows, Index columns, const Term& term, const Sums& sums) {
  if (rows <= 0 || columns <= 0) return;
  // Enough parts to keep a large device busy, at least 16 rows each.
  const Index wanted = std::max<Index>(1, std::min<Index>((rows + 15) / 16, 131072 / columns));
  const Index rows_of_part = (rows + wanted - 1) / wanted, parts = (rows + rows_of_part - 1) / rows_of_part;
  auto* partial = static_cast<Sum*>(Runtime::scratch(static_cast<std::size_t>(parts * columns) * sizeof(Sum)));
  launch_each<Runtime>(parts * columns,
                       kernel::PartialColumnSums<Sum, Term>{rows, columns, rows_of_part, term, partial});
  add_parts<Runtime>(parts, columns, partial, sums);
}

}  // namespace detail

/// @brief Column sums: sums += the sums over rows of term(row, column); kernel::PartialColumnSums says what a term is.
/// **Shapes.** sums [columns]. Uses the runtime's scratch.
template <class Runtime, class Real, class Term>
void add_column_sums(Index rows, Index columns, const Term& term, Real* sums) {
  detail::add_column_sums<Runtime, Real>(rows, columns, term, sums);
}

/// Two column sums in one pass. The term is a kernel::Two; each sum has the bits that it has alone.
template <class Runtime, class Real, class Term>
void add_column_sums(Index rows, Index columns, const Term& term, const kernel::Two<Real*>& sums) {
  detail::add_column_sums<Runtime, kernel::Two<Real>>(rows, columns, term, sums);
}

}  // namespace ctp::backend::cuda
