// The projection of the output, h = W_hr (o * tanh(c)), and its gradient.
#pragma once

#include "gradient.h"

namespace ISA {

template <class T> class OutputProjection {
    static constexpr int L = lanes<T>;
    Sequence<T>& s;
    const int64_t h_stride;  // of the rows of h
    const Packed<T> weights = s.scratch.take_packed(s.projects ? s.H : 0, s.Pp);
    T* const result = s.scratch.take(s.projects ? s.B * s.Pp : 0);

  public:
    T* const unprojected = s.scratch.take(s.projects ? s.B * s.Hp : 0);

    OutputProjection(Sequence<T>& sequence, int64_t h_stride)
        : s(sequence), h_stride(h_stride) {}

    void pack(const Share& share) const {
        if (s.projects)
            pack_transposed<T>(
                s.in(s.io.weight_hr), {1, s.P, s.Pp}, weights, share.team.of(weights.panels())
            );
    }

    void apply(int64_t t, T* h, const Share& share) const {
        const Range columns = s.columns(share, weights);
        for (int64_t b : share.sequences)
            std::fill_n(result + b * s.Pp + columns.first, columns.size(), T(0));
        multiply_add<T>(
            unprojected, s.Hp, weights, result, s.Pp, share.sequences,
            share.units.of(weights.panels())
        );
        for (int64_t b : share.sequences)
            for (int64_t j : Range{columns.first / L, columns.stop / L}) {
                VecBlock<T, 1> now(result + b * s.Pp + j * L, 0);
                if (s.h_zoneout.is_used())
                    now = s.h_zoneout.mixed(t, b, j, {h + b * h_stride + j * L, 0}, now);
                store<T>(h + b * h_stride, j, s.P, now.v[0]);
                store<T>(s.output(t, b), j, s.P, now.v[0]);
            }
        share.wait_for_units();
    }
};

template <class T> class OutputProjectionGradient {
    static constexpr int L = lanes<T>;
    Sequence<T>& s;
    const int64_t h_stride, rows;  // rows: of the steps that are gathered at once
    const Packed<T> weights = s.scratch.take_packed(s.projects ? s.Pp : 0, s.Hp);
    T* const d_result = s.scratch.take(rows * s.Pp);
    T* const inputs = s.scratch.take(rows * s.Hp);
    T* const d_old = s.scratch.take(s.h_zoneout.is_used() ? s.B * s.Pp : 0);  // by zoneout
    const Columns<T> columns{s.scratch.take(Columns<T>::size(rows, s.Pp)), rows};
    SumOfProducts<T> sum;

  public:
    T* const d_unprojected = s.scratch.take(s.projects ? s.B * s.Hp : 0);

    OutputProjectionGradient(Sequence<T>& sequence, int64_t h_stride, int64_t rows, bool once)
        : s(sequence),
          h_stride(h_stride),
          rows(sequence.projects ? rows : 0),
          sum(s, this->rows, {s.projects, s.P, s.Pp}, s.H, columns, once) {}

    void pack(const Share& share) {
        if (!s.projects) return;
        pack_weights<T>(
            s.in(s.io.weight_hr), s.H, {1, s.P, s.Pp}, weights, share.team.of(weights.panels())
        );
        sum.start(share);
    }

    // Where o * tanh(c) of a step is written; `row` is its first one of those that are gathered.
    T* inputs_from(int64_t row) const { return inputs + row * s.Hp; }

    // From the gradient of h to that of o * tanh(c).
    void apply(int64_t t, int64_t row, T* d_h, const Share& share) const {
        T* const kept = d_result + row * s.Pp;
        for (int64_t b : share.sequences)
            for (int64_t j : share.units.of(s.Pp / L)) {
                T* const d = d_h + b * h_stride + j * L;
                // Past P there may be NaN, a product of infinity and a padding weight of zero.
                VecBlock<T, 1> total = s.d_output(t, b, j);
                total.v[0] += load<T>(d_h + b * h_stride, j, s.P);
                if (s.h_zoneout.is_used()) {
                    s.h_zoneout.of_old(t, b, j, total).store_to(d_old + b * s.Pp + j * L, 0);
                    total = s.h_zoneout.of_new(t, b, j, total);
                }
                total.store_to(d, 0);
                total.store_to(kept + b * s.Pp + j * L, 0);
            }
        share.wait_for_units();
        const Range columns = s.columns(share, weights);
        for (int64_t b : share.sequences)
            std::fill_n(d_unprojected + b * s.Hp + columns.first, columns.size(), T(0));
        multiply_add<T>(
            d_h, h_stride, weights, d_unprojected, s.Hp, share.sequences,
            share.units.of(weights.panels())
        );
        share.wait_for_units();
        for (int64_t b : share.sequences)
            for (int64_t j : share.units.of(s.Pp / L))
                store<T>(
                    d_h + b * h_stride + j * L,
                    s.h_zoneout.is_used() ? load<T>(d_old + b * s.Pp + j * L) : Vec<T>{}
                );
    }

    // Of `count` rows.
    void gather(const Share& share, int64_t count) {
        if (!s.io.d_weight_hr) return;
        columns.write(d_result, s.Pp, count, share.team.of(s.Pp / L));
        sum.gather(share, count, [&](int64_t k) { return inputs + k * s.Hp; });
    }
    void add(const Share& share, int64_t count) {
        if (s.io.d_weight_hr) sum.add(share, count);
    }
    void write(const Share& share) const {
        if (s.io.d_weight_hr) sum.write(share, s.out(s.io.d_weight_hr));
    }
};

}  // namespace ISA
