/// @file   ctp/backend/cuda/kernel/column_sums.hpp
/// @brief  Column sums of a matrix without atomics, in an order that depends on the shape only.
/// @layer  backend
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <type_traits>

#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/backend/cuda/kernel/read_ahead.hpp>
#include <ctp/backend/cuda/kernel/wide_access.hpp>

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
/// Eight rows are read before the first of them is used, or four of a term that reads more than 16 bytes of each. A
/// term that writes must satisfy ReadsAhead<Term, Index, Index>; its use() returns the term. So must a term that ends
/// with a product: a device fuses product and sum, for each row alike only if both are in one place. Any other term
/// only reads, and eight terms are computed before the first is added.
template <class Sum, class Term>
struct PartialColumnSums {
  Index rows, columns, rows_of_part;
  Term term;
  Sum* partial;
  CTP_HD void operator()(Index i) const {
    const Index part = i / columns, column = i % columns;
    const Index end = (part + 1) * rows_of_part < rows ? (part + 1) * rows_of_part : rows;
    Sum sum{};
    if constexpr (ReadsAhead<Term, Index, Index>) {
      constexpr int rows_ahead = sizeof(decltype(term.read(part, column))) <= 16 ? 8 : 4;
      read_ahead<rows_ahead>(
          part * rows_of_part, end, [&](Index row) { return term.read(row, column); },
          [&](const auto& loaded, Index row) { sum += term.use(loaded, row, column); });
    } else {
      read_ahead<8>(
          part * rows_of_part, end, [&](Index row) { return term(row, column); },
          [&](const Sum& one, Index) { sum += one; });
    }
    partial[i] = sum;
  }
};

/// @brief A term with a second form, of_four(), whose columns are fours of neighbours and whose terms are a Quad.
/// has_fours(): its addresses are multiples of four numbers.
template <class Term>
concept FourColumns = requires(const Term& term) {
  { term.has_fours() } -> std::same_as<bool>;
  term.of_four();
};

/// @brief sums[column] += the sum of the parts' sums. `Sums`: a pointer, or two.
///
/// Lane l of a column adds parts l, l + lanes, ... in this order. Then each lane of the first half adds the sum of the
/// lane in its place in the second half, until one lane is left.
template <class Sum, class Sums>
struct AddParts {
  static constexpr bool cooperative = true;
  static constexpr int log_threads = 9, threads = 1 << log_threads, most_log_lanes = 6, parts_ahead = 8;
  static constexpr std::size_t shared_bytes = threads * sizeof(Sum);
  int parts, log_lanes;
  Index columns;
  const Sum* partial;
  Sums sums;

  /// Logarithm of the least number of lanes that read all their parts at a time, at most 64.
  static int log_lanes_for(int parts) {
    int log_lanes = 0;
    while (log_lanes < most_log_lanes && parts_ahead << log_lanes < parts) ++log_lanes;
    return log_lanes;
  }
  [[nodiscard]] Index blocks() const {
    const Index columns_of_block = threads >> log_lanes;
    return (columns + columns_of_block - 1) / columns_of_block;
  }

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const int log_columns = log_threads - log_lanes, lane = t.id() >> log_columns;
    const Index column = (t.block() << log_columns) + (t.id() - (lane << log_columns));
    const bool writes = lane == 0 && column < columns;
    Sum before{}, sum{};
    if (writes) before = read_sums(column);
    const int count = column < columns ? (parts - lane + (1 << log_lanes) - 1) >> log_lanes : 0;
    Index next = lane * columns + column;
    for (int done = 0; done < count; done += parts_ahead) {
      Sum loaded[parts_ahead] = {};  // 0 of a part that there is not
      CTP_UNROLL
      for (int k = 0; k < parts_ahead; ++k, next += columns << log_lanes)
        if (done + k < count) loaded[k] = partial[next];
      CTP_UNROLL
      for (int k = 0; k < parts_ahead; ++k) sum += loaded[k];
    }
    Sum* const of_thread = t.template shared<Sum>() + t.id();
    *of_thread = sum;
    for (int left = log_lanes - 1; left >= 0; --left) {
      t.sync();
      if (lane < 1 << left) *of_thread = sum += of_thread[1 << (left + log_columns)];
    }
    if (writes) write_sums(column, before += sum);
  }

 private:
  CTP_HD Sum read_sums(Index column) const {
    if constexpr (std::is_pointer_v<Sums>)
      return sums[column];
    else
      return {sums.first[column], sums.second[column]};
  }
  CTP_HD void write_sums(Index column, const Sum& sum) const {
    if constexpr (std::is_pointer_v<Sums>) {
      sums[column] = sum;
    } else {
      sums.first[column] = sum.first;
      sums.second[column] = sum.second;
    }
  }
};

/// The terms x[row, column] of the four neighbours from column 4 `four` on.
template <class Real, class Number>
struct ElementOfFour {
  Index columns;
  const Number* x;
  [[nodiscard]] CTP_HD StoredFour<Number> read(Index row, Index four) const {
    return read_wide<StoredFour<Number>>(x + row * columns + 4 * four);
  }
  CTP_HD Quad<Real> use(const StoredFour<Number>& loaded, Index, Index) const { return numbers_of<Real>(loaded); }
};

/// The term x[row, column]. `Number`: Real or Bfloat16.
template <class Real, class Number = Real>
struct Element {
  Index columns;
  const Number* x;
  CTP_HD Real operator()(Index row, Index column) const { return static_cast<Real>(x[row * columns + column]); }
  [[nodiscard]] bool has_fours() const { return is_aligned<StoredFour<Number>>(x); }
  [[nodiscard]] ElementOfFour<Real, Number> of_four() const { return {columns, x}; }
};

}  // namespace kernel

/// kernel::AddParts of `parts` sums for each column.
template <class Runtime, class Sum, class Sums>
void add_parts(Index parts, Index columns, const Sum* partial, const Sums& sums) {
  using AddParts = kernel::AddParts<Sum, Sums>;
  const int count = static_cast<int>(parts);
  const AddParts body{count, AddParts::log_lanes_for(count), columns, partial, sums};
  Runtime::launch(body.blocks(), AddParts::threads, AddParts::shared_bytes, body);
}

namespace detail {

/// The launch of PartialColumnSums, for four columns a thread if possible: the same additions.
template <class Runtime, class Sum, class Term>
void sum_parts(Index rows, Index columns, Index rows_of_part, Index parts, const Term& term, Sum* partial) {
  using kernel::PartialColumnSums, kernel::Quad;
  if constexpr (kernel::FourColumns<Term>) {
    if (columns % 4 == 0 && term.has_fours() && kernel::is_aligned<Quad<Sum>>(partial)) {
      auto* const fours = reinterpret_cast<Quad<Sum>*>(partial);
      const auto of_four = term.of_four();
      launch_each<Runtime>(parts * columns / 4, PartialColumnSums<Quad<Sum>, std::remove_cvref_t<decltype(of_four)>>{
                                                    rows, columns / 4, rows_of_part, of_four, fours});
      return;
    }
  }
  launch_each<Runtime>(parts * columns, PartialColumnSums<Sum, Term>{rows, columns, rows_of_part, term, partial});
}

template <class Runtime, class Sum, class Term, class Sums>
void add_column_sums(Index rows, Index columns, const Term& term, const Sums& sums) {
  if (rows <= 0 || columns <= 0) return;
  // Enough parts to keep a large device busy with a thread for four columns, about 16 rows each or more.
  const Index wanted = std::max<Index>(1, std::min<Index>((rows + 15) / 16, 262144 / columns));
  const Index rows_of_part = (rows + wanted - 1) / wanted, parts = (rows + rows_of_part - 1) / rows_of_part;
  auto* partial = static_cast<Sum*>(Runtime::scratch(static_cast<std::size_t>(parts * columns) * sizeof(Sum)));
  sum_parts<Runtime>(rows, columns, rows_of_part, parts, term, partial);
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
