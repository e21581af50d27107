// The gradient of all steps of one direction, the last one first, for any cell.
#pragma once

#include "cell.h"
#include "dropout.h"
#include "gradient.h"
#include "output_projection.h"
#include "recurrent.h"
#include "subnormals.h"

namespace ISA {

template <class T, template <class> class CellOf> struct Backward : Sequence<T> {
    using Base = Sequence<T>;
    using Base::call, Base::io, Base::B, Base::H, Base::Hp, Base::J, Base::projects;
    using Base::gates_stride, Base::cells_stride, Base::scratch, Base::rows, Base::reverse;
    static constexpr int L = lanes<T>;
    using Cell = CellOf<T>;

    const Cell cell{*this, true};
    const Recurrent<T, Cell::sees_gates> recurrent{*this};
    Gradients<T> gradients{
        *this, cell.input, cell.recurrent, input_bias_of(cell), cell.recurrent_bias,
        recurrent.columns
    };
    OutputProjectionGradient<T> output_projection{
        *this, recurrent.stride, gradients.rows, gradients.once()
    };
    // Whether there are gradients of the first states to be computed.
    const bool needs_first = io.d_h_0 || io.d_i_0 || io.d_f_0 || io.d_o_0;
    const WeightsInRows<T> weights{
        *this,
        Cell::has_recurrent_product && (rows.steps > 1 || needs_first) ? recurrent.columns : 0,
        cell.recurrent
    };
    T* const d_state = scratch.take(B * recurrent.stride);
    T* const d_c = scratch.take(B * cells_stride);
    const Dropout<T> dropout{*this, recurrent.stride};
    // The gradient of what the recurrent weights multiply.
    T* const d_seen = dropout.is_used() ? scratch.take(B * recurrent.stride) : d_state;
    T* const d_new_h = projects ? output_projection.d_unprojected : d_state;
    const int64_t d_new_h_stride = projects ? Hp : recurrent.stride;
    // The rows that are gathered at once.
    struct Place {
        int64_t t, b;
    };
    Place* const places = scratch.template take<Place>(gradients.rows);
    // What the recurrent weights multiplied there, where it does not lie in one row of the output.
    const bool copies_rows = Cell::sees_gates || (Cell::has_recurrent_product && dropout.is_used());
    Stored<T>* const recurrent_rows =
        scratch.template take<Stored<T>>(copies_rows ? gradients.rows * recurrent.stride : 0);
    // Of the second recurrent product.
    const int64_t inner_rows = Cell::has_inner_product ? gradients.rows : 0;
    const WeightsInRows<T> inner_weights{
        *this, Cell::has_inner_product ? H : 0, cell.inner
    };
    T* const d_inner = scratch.take(Cell::has_inner_product ? B * Hp : 0);
    T* const inner = scratch.take(inner_rows * Hp);
    SumOfProducts<T> of_inner{
        *this, inner_rows, cell.inner, H, gradients.columns, gradients.once()
    };

    using Base::Base;

    void run(const Part& team) {
        const Rounding here(rounding() | as_zero);
        const Share s(team, B, B);
        pack(s);
        recurrent.read(s, io.d_h_n, {io.d_i_n, io.d_f_n, io.d_o_n}, d_state);
        dropout.read(s);
        if (dropout.is_used()) recurrent.read(s, nullptr, {}, d_seen);  // zeros
        const std::array<const void*, 3> last{io.d_c_n, io.d_n_n, io.d_m_n};
        for (int k = 0; k < Cell::cell_states; k++)
            this->read_state(s, last[k], H, d_c + k * Hp, Hp, cells_stride);
        s.wait_for_team();
        for (int64_t done = 0; done < rows.steps;) {
            const Range times = rows.times(done, reverse, gradient_rows);
            const Share some(team, rows.count(times.first), rows.count(times.stop - 1));
            for (int64_t k : Range{0, times.size()}) {
                const int64_t t = reverse ? times.first + k : times.stop - 1 - k;
                take_step(t, times.first, some.before(rows.count(t)));
            }
            rows.each(times, team.of(rows.total(times)), [&](int64_t k, int64_t t, int64_t b) {
                places[k] = {t, b};
            });
            s.wait_for_team();
            gather(s, rows.total(times));
            s.wait_for_team();
            add(s, times);
            s.wait_for_team();
            done += times.size();
        }
        write(s);
        recurrent.write(s, d_state, io.d_h_0, {io.d_i_0, io.d_f_0, io.d_o_0});
        const std::array<void*, 3> d_first{io.d_c_0, io.d_n_0, io.d_m_0};
        for (int k = 0; k < Cell::cell_states; k++)
            this->write_state(s, d_c + k * Hp, Hp, cells_stride, d_first[k], H);
    }

  private:
    void pack(const Share& s) {
        gradients.pack(s);
        recurrent.join(s);
        weights.pack(recurrent.weights(), s);
        if constexpr (Cell::has_inner_product) {
            inner_weights.pack(recurrent.weights() + cell.inner_row * H, s);
            of_inner.start(s);
        }
        output_projection.pack(s);
        cell.pack(s);
    }

    // The steps that are gathered at once begin at time `first`.
    void take_step(int64_t t, int64_t first, const Share& s) {
        const int64_t row = rows.start(t) - rows.start(first);
        if (projects) output_projection.apply(t, row, d_state, s);
        T* const d_gates = gradients.d_gates + row * gradients.stride;
        const Range units = s.units.of(J);
        this->over_sequences(s, [&](auto n, int64_t b) {
            for (int64_t j : units) apply<n>(t, row, b, j, s);
            if constexpr (Cell::normalises_rows) normalise<n>(t, row, b, s);
            if constexpr (Cell::sees_gates)
                if (gradients.needs_recurrent())
                    for (int64_t j : units) copy_recurrent_row<n>(t, row, b, j);
        });
        cell.end_step(s);
        if constexpr (Cell::has_recurrent_product) {
            s.wait_for_units();
            if constexpr (Cell::has_inner_product) multiply_inner(t, row, s);
            const Share continued = needs_first ? s : s.before(rows.count(this->time_before(t)));
            if (continued.sequences.size())
                weights.multiply_add(
                    d_gates + cell.recurrent.begin(), gradients.stride, recurrent.weights(),
                    d_seen, recurrent.stride, continued.sequences, s.units, t
                );
            s.wait_for_units();
            if (dropout.is_used()) {
                dropout.add_gradient(s, d_seen, d_state);
                s.wait_for_units();
            }
        }
        if (this->resets) {  // what was before has no influence
            constexpr T zeros[3] = {};
            this->restart(t, s, d_state, recurrent.stride, d_c, zeros);
            if constexpr (Cell::has_recurrent_product) s.wait_for_units();
        }
    }

    template <int n>
    BackwardStep<T, n> at(int64_t t, int64_t row, int64_t b, int64_t j, const Share& s) const {
        return {
            *this,
            t,
            b,
            j,
            s.team.index,
            gradients.d_gates + (row + b) * gradients.stride + j * L,
            gradients.stride,
            d_state + b * recurrent.stride + j * L,
            recurrent.stride,
            dropout.factors_of(b, j),
            d_c + b * cells_stride + j * L,
            cells_stride,
            projects ? output_projection.inputs_from(row + b) + j * L : nullptr,
            Cell::has_inner_product ? inner + (row + b) * Hp + j * L : nullptr,
        };
    }

    template <int n>
    inline void apply(int64_t t, int64_t row, int64_t b, int64_t j, const Share& s) {
        T* const place = d_new_h + b * d_new_h_stride + j * L;
        VecBlock<T, n> d(place, d_new_h_stride);
        if (!projects) d = d + this->template d_output<n>(t, b, j);
        VecBlock<T, n> d_old(0);
        if (!projects && this->h_zoneout.is_used()) {
            d_old = this->h_zoneout.of_old(t, b, j, d);
            d = this->h_zoneout.of_new(t, b, j, d);
        }
        const VecBlock<T, n> direct = cell.gradient(at<n>(t, row, b, j, s), d);
        (d_old + direct).store_to(place, d_new_h_stride);
    }

    // All stages of the cell but the first one.
    template <int n> void normalise(int64_t t, int64_t row, int64_t b, const Share& s) {
        const T* const kept_gates = this->kept(io.gates) + rows.start(t) * gates_stride;
        const T* const kept_cells = this->kept(io.cells) + rows.start(t) * cells_stride
                                    + this->c_zoneout.is_used() * Hp;
        T* const d_gates = gradients.d_gates + row * gradients.stride;
        const Range some{b, b + n}, units = s.units.of(J);
        s.wait_for_units();
        this->over_rows(s, some, [&](int64_t b) {
            cell.sum_up_cell_state(
                kept_gates + b * gates_stride, kept_cells + b * cells_stride,
                d_gates + b * gradients.stride
            );
        });
        for (int64_t j : units) cell.gradient_of_gates(at<n>(t, row, b, j, s));
        s.wait_for_units();
        this->over_rows(s, some, [&](int64_t b) {
            cell.sum_up_products(kept_gates + b * gates_stride, d_gates + b * gradients.stride);
        });
        for (int64_t j : units) cell.gradient_of_products(at<n>(t, row, b, j, s));
    }

    void multiply_inner(int64_t t, int64_t row, const Share& s) {
        T* const d_gates = gradients.d_gates + row * gradients.stride;
        for (int64_t b : s.sequences)
            for (int64_t j : s.units.of(J)) store<T>(d_inner + b * Hp + j * L, Vec<T>{});
        s.wait_for_units();
        inner_weights.multiply_add(
            d_gates + cell.inner.begin(), gradients.stride,
            recurrent.weights() + cell.inner_row * H, d_inner, Hp, s.sequences, s.units, t
        );
        s.wait_for_units();
        this->over_sequences(s, [&](auto n, int64_t b) {
            for (int64_t j : s.units.of(J)) {
                const VecBlock<T, n> d(d_inner + b * Hp + j * L, Hp);
                T* const place = d_seen + b * recurrent.stride + j * L;
                const VecBlock<T, n> d_h = VecBlock<T, n>(place, recurrent.stride)
                                           + cell.gradient_inner(at<n>(t, row, b, j, s), d);
                d_h.store_to(place, recurrent.stride);
            }
        });
        s.wait_for_units();
    }

    // h and the gates of the step before, side by side.
    template <int n> void copy_recurrent_row(int64_t t, int64_t row, int64_t b, int64_t j) const {
        const std::array<const void*, 3> given{io.i_0, io.f_0, io.o_0};
        const std::array<int64_t, 3> slots = cell.seen_slots();
        for (int k = 0; k < 3; k++)
            Base::write(
                recurrent_rows + (row + b) * recurrent.stride + this->Pp + k * Hp,
                recurrent.stride, j, Hp,
                this->template before<n>(t, b, j, io.gates, gates_stride, slots[k], given[k], T(0))
            );
    }

    void gather(const Share& s, int64_t count) {
        const auto h_before = [&](int64_t k) { return this->h_before(places[k].t, places[k].b); };
        if (copies_rows) {
            if (gradients.needs_recurrent())
                for (int64_t k : s.team.of(count)) {
                    Stored<T>* const row = recurrent_rows + k * recurrent.stride;
                    if (dropout.is_used()) dropout.copy_row(places[k].b, h_before(k), row);
                    else std::copy_n(h_before(k), this->P, row);
                    std::fill_n(row + this->P, this->Pp - this->P, Stored<T>(0));
                }
            s.wait_for_team();
        }
        gradients.gather(
            s, count, [&](int64_t k) { return this->x(places[k].t, places[k].b); },
            [&](int64_t k) {
                return copies_rows ? recurrent_rows + k * recurrent.stride : h_before(k);
            }
        );
        output_projection.gather(s, count);
        if (Cell::has_inner_product && io.d_weight_hh)
            of_inner.gather(s, count, [&](int64_t k) { return inner + k * Hp; });
    }

    void add(const Share& s, Range times) {
        gradients.add(s, times);
        output_projection.add(s, rows.total(times));
        if constexpr (Cell::has_inner_product)
            if (io.d_weight_hh)
                of_inner.add(s, rows.total(times));
    }

    void write(const Share& s) {
        gradients.write(s, recurrent);
        output_projection.write(s);
        cell.write_gradients(s);
        if constexpr (Cell::has_inner_product)
            if (io.d_weight_hh)
                of_inner.write(s, this->out(io.d_weight_hh) + cell.inner_row * H);
    }
};

}  // namespace ISA
