// All steps of one direction forward in time, for any cell.
#pragma once

#include "cell.h"
#include "dropout.h"
#include "input_projection.h"
#include "output_projection.h"
#include "recurrent.h"
#include "subnormals.h"
#include "weights.h"

namespace ISA {

template <class T, template <class> class CellOf> struct Forward : Sequence<T> {
    using Base = Sequence<T>;
    using Base::call, Base::io, Base::B, Base::H, Base::Hp, Base::J, Base::projects;
    using Base::gates_stride, Base::cells_stride, Base::scratch, Base::rows, Base::reverse;
    static constexpr int L = lanes<T>;
    using Cell = CellOf<T>;

    const Cell cell{*this, false};
    const InputProjection<T> input{*this, cell.input};
    const Recurrent<T, Cell::sees_gates> recurrent{*this};
    const OutputProjection<T> output_projection{*this, recurrent.stride};
    const Weights<T> weights{*this, recurrent.columns, cell.recurrent};
    T* const state = scratch.take(B * recurrent.stride);
    T* const c = scratch.take(B * cells_stride);
    const Dropout<T> dropout{*this, recurrent.stride};
    // What the recurrent weights multiply.
    T* const seen = dropout.is_used() ? scratch.take(B * recurrent.stride) : state;
    const Weights<T> inner_weights{*this, Cell::has_inner_product ? H : 0, cell.inner};
    T* const inner = scratch.take(Cell::has_inner_product ? B * Hp : 0);
    // Where the cell's h goes: to be projected, or into the state.
    T* const new_h = projects ? output_projection.unprojected : state;
    const int64_t new_h_stride = projects ? Hp : recurrent.stride;

    using Base::Base;

    void run(const Part& team) {
        // Outputs of relu have a gradient where they are positive, however small they are.
        const Rounding here(rounding() | (call.cell.relu ? 0 : as_zero));
        const Share s(team, B, B);
        pack(s);
        recurrent.read(s, io.h_0, {io.i_0, io.f_0, io.o_0}, state);
        dropout.read(s);
        for (int k = 0; k < Cell::cell_states; k++)
            this->read_state(s, this->first_states()[k], H, c + k * Hp, Hp, cells_stride);
        s.wait_for_team();
        for (int64_t done = 0; done < rows.steps;) {
            const Range times = rows.times(done, !reverse, projected_rows);
            input.project(team, times);
            s.wait_for_team();
            const Share some(team, rows.count(times.first), rows.count(times.stop - 1));
            for (int64_t k : Range{0, times.size()}) {
                const int64_t t = reverse ? times.stop - 1 - k : times.first + k;
                take_step(t, input.gates_from(times.first, t), some.before(rows.count(t)));
            }
            s.wait_for_team();
            done += times.size();
        }
        this->clear_padding(
            team, this->out(call.output) + reverse * this->P, this->P, this->output_stride
        );
        recurrent.write(s, state, io.h_n, {io.i_n, io.f_n, io.o_n});
        const std::array<void*, 3> last{io.c_n, io.n_n, io.m_n};
        for (int k = 0; k < Cell::cell_states; k++)
            this->write_state(s, c + k * Hp, Hp, cells_stride, last[k], H);
    }

  private:
    const Stored<T>* weights_of_inner() const { return recurrent.weights() + cell.inner_row * H; }

    void pack(const Share& s) {
        input.pack(s, input_bias_of(cell), cell.recurrent_bias);
        recurrent.join(s);
        if constexpr (Cell::has_recurrent_product) weights.pack(recurrent.weights(), s);
        if constexpr (Cell::has_inner_product) inner_weights.pack(weights_of_inner(), s);
        output_projection.pack(s);
        cell.pack(s);
    }

    void take_step(int64_t t, T* gates, const Share& s) {
        if (this->resets) {
            this->restart(t, s, state, recurrent.stride, c, this->start);
            if constexpr (Cell::has_recurrent_product) s.wait_for_units();
        }
        if constexpr (Cell::has_recurrent_product) {
            if (dropout.is_used()) {
                dropout.apply(s, state, seen);
                s.wait_for_units();
            }
            weights.multiply_add(
                seen, recurrent.stride, recurrent.weights(), gates + cell.recurrent.begin(),
                gates_stride, s.sequences, s.units, t
            );
            s.wait_for_units();
        }
        if constexpr (Cell::has_inner_product) multiply_inner(t, gates, s);
        const Range units = s.units.of(J);
        this->over_sequences(s, [&](auto n, int64_t b) {
            if constexpr (Cell::normalises_rows) normalise<n>(t, b, gates, s);
            for (int64_t j : units) apply<n>(t, b, j, gates);
        });
        if constexpr (Cell::has_recurrent_product) s.wait_for_units();
        if (projects) output_projection.apply(t, state, s);
    }

    template <int n> ForwardStep<T, n> at(int64_t t, int64_t b, int64_t j, T* gates) const {
        return {
            *this,
            t,
            b,
            j,
            gates + b * gates_stride + j * L,
            state + b * recurrent.stride + j * L,
            recurrent.stride,
            dropout.factors_of(b, j),
            c + b * cells_stride + j * L,
            cells_stride,
            io.cells ? this->kept(io.cells) + (rows.start(t) + b) * cells_stride + j * L : nullptr,
        };
    }

    template <int n> inline void apply(int64_t t, int64_t b, int64_t j, T* gates) {
        VecBlock<T, n> h = cell.apply(at<n>(t, b, j, gates));
        if (!projects && this->h_zoneout.is_used()) {
            const VecBlock<T, n> h_old(state + b * recurrent.stride + j * L, recurrent.stride);
            h = this->h_zoneout.mixed(t, b, j, h_old, h);
        }
        // Next to gates, the padding of h is multiplied too, and has to stay zero.
        if (Cell::sees_gates) this->write(new_h + b * new_h_stride, new_h_stride, j, H, h);
        else h.store_to(new_h + b * new_h_stride + j * L, new_h_stride);
        if (!projects) this->write_output(t, b, j, h);
    }

    // All stages of the cell but the last one.
    template <int n> void normalise(int64_t t, int64_t b, T* gates, const Share& s) {
        const Range rows{b, b + n};
        this->over_rows(s, rows, [&](int64_t b) { cell.read_products(gates + b * gates_stride); });
        for (int64_t j : s.units.of(J)) cell.apply_cell_state(at<n>(t, b, j, gates));
        s.wait_for_units();
        this->over_rows(s, rows, [&](int64_t b) {
            cell.read_cell_state(gates + b * gates_stride, b);
        });
    }

    void multiply_inner(int64_t t, T* gates, const Share& s) {
        this->over_sequences(s, [&](auto n, int64_t b) {
            for (int64_t j : s.units.of(J))
                cell.apply_inner(at<n>(t, b, j, gates)).store_to(inner + b * Hp + j * L, Hp);
        });
        s.wait_for_units();
        inner_weights.multiply_add(
            inner, Hp, weights_of_inner(), gates + cell.inner.begin(), gates_stride, s.sequences,
            s.units, t
        );
        s.wait_for_units();
    }
};

}  // namespace ISA
