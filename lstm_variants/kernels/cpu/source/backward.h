// The gradient of all steps of one direction, the last one first, for any cell.
#pragma once

#include "cell.h"
#include "gradient.h"
#include "output_projection.h"
#include "recurrent.h"
#include "subnormals.h"

namespace ISA {

template <class T, template <class> class CellOf> struct Backward : Sequence<T> {
    using Base = Sequence<T>;
    using Base::call, Base::io, Base::B, Base::H, Base::Hp, Base::J, Base::projects;
    using Base::gates_stride, Base::cells_stride, Base::scratch;
    static constexpr int L = lanes<T>;
    using Cell = CellOf<T>;

    const Cell cell{*this, true};
    const Recurrent<T, Cell::sees_gates> recurrent{*this};
    Gradients<T> gradients{
        *this, cell.input, cell.recurrent, cell.recurrent_bias, recurrent.columns
    };
    OutputProjectionGradient<T> output_projection{
        *this, recurrent.stride, gradients.rows, gradients.once()
    };
    // Whether there are gradients of the first states to be computed.
    const bool needs_first = io.d_h_0 || io.d_i_0 || io.d_f_0 || io.d_o_0;
    const WeightsInRows<T> weights{
        *this,
        Cell::has_recurrent_product && (call.T > 1 || needs_first) ? recurrent.columns : 0,
        cell.recurrent
    };
    T* const d_state = scratch.take(B * recurrent.stride);
    T* const d_c = scratch.take(B * cells_stride);
    T* const d_new_h = projects ? output_projection.d_unprojected : d_state;
    const int64_t d_new_h_stride = projects ? Hp : recurrent.stride;
    // What the recurrent weights multiplied, of the steps that are gathered at once, where it does
    // not lie in one row of the output.
    Stored<T>* const recurrent_rows =
        scratch.template take<Stored<T>>(Cell::sees_gates ? gradients.rows * recurrent.stride : 0);
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

    void run(const Share& s) {
        const Rounding here(rounding() | as_zero);
        pack(s);
        recurrent.read(s, io.d_h_n, {io.d_i_n, io.d_f_n, io.d_o_n}, d_state);
        const std::array<const void*, 3> last{io.d_c_n, io.d_n_n, io.d_m_n};
        for (int k = 0; k < Cell::cell_states; k++)
            this->read_state(s, last[k], H, d_c + k * Hp, Hp, cells_stride);
        s.wait_for_team();
        for (int64_t stop = call.T; stop > 0;) {
            const int64_t count = std::min(gradients.steps, stop), step = stop - count;
            const int64_t first = std::min(this->time(step), this->time(stop - 1));
            for (int64_t k = stop - 1; k >= step; k--) take_step(this->time(k), first, s);
            s.wait_for_team();
            gather(s, first, count);
            s.wait_for_team();
            add(s, first, count);
            s.wait_for_team();
            stop = step;
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
        if (projects) output_projection.apply(t, t - first, d_state, s);
        T* const d_gates = gradients.gates_from(first, t);
        const Range units = s.units.of(J);
        this->over_sequences(
            t, s,
            [&](auto n, int64_t b) {
                for (int64_t j : units) apply<n>(t, first, b, j, s);
                if constexpr (Cell::sees_gates)
                    if (gradients.needs_recurrent())
                        for (int64_t j : units) copy_recurrent_row<n>(t, first, b, j);
            },
            [&](int64_t b) {
                for (int64_t j : units)
                    for (int64_t slot = 0; slot < call.cell.slots; slot++)
                        store<T>(d_gates + b * gradients.stride + slot * Hp + j * L, Vec<T>{});
            }
        );
        cell.end_step(s);
        if constexpr (Cell::has_recurrent_product) {
            s.wait_for_units();
            if constexpr (Cell::has_inner_product) multiply_inner(t, first, s);
            if (needs_first || t != this->time(0))
                weights.multiply_add(
                    d_gates + cell.recurrent.begin(), gradients.stride, recurrent.weights(),
                    d_state, recurrent.stride, s.sequences, s.units, t
                );
            s.wait_for_units();
        }
        if (this->resets) {  // what was before has no influence
            constexpr T zeros[3] = {};
            this->restart(t, s, d_state, recurrent.stride, d_c, zeros);
            if constexpr (Cell::has_recurrent_product) s.wait_for_units();
        }
    }

    template <int n>
    BackwardStep<T, n> at(int64_t t, int64_t first, int64_t b, int64_t j, const Share& s) const {
        return {
            *this,
            t,
            b,
            j,
            s.team.index,
            gradients.gates_from(first, t) + b * gradients.stride + j * L,
            gradients.stride,
            d_state + b * recurrent.stride + j * L,
            recurrent.stride,
            d_c + b * cells_stride + j * L,
            cells_stride,
            projects ? output_projection.inputs_of(t - first) + b * Hp + j * L : nullptr,
            Cell::has_inner_product ? inner + ((t - first) * B + b) * Hp + j * L : nullptr,
        };
    }

    template <int n>
    inline void apply(int64_t t, int64_t first, int64_t b, int64_t j, const Share& s) {
        T* const place = d_new_h + b * d_new_h_stride + j * L;
        VecBlock<T, n> d(place, d_new_h_stride);
        if (!projects) d = d + this->template d_output<n>(t, b, j);
        const VecBlock<T, n> direct = cell.gradient(at<n>(t, first, b, j, s), d);
        direct.store_to(place, d_new_h_stride);
    }

    void multiply_inner(int64_t t, int64_t first, const Share& s) {
        T* const d_gates = gradients.gates_from(first, t);
        for (int64_t b : s.sequences)
            for (int64_t j : s.units.of(J)) store<T>(d_inner + b * Hp + j * L, Vec<T>{});
        s.wait_for_units();
        inner_weights.multiply_add(
            d_gates + cell.inner.begin(), gradients.stride,
            recurrent.weights() + cell.inner_row * H, d_inner, Hp, s.sequences, s.units, t
        );
        s.wait_for_units();
        this->over_sequences(
            t, s,
            [&](auto n, int64_t b) {
                for (int64_t j : s.units.of(J)) {
                    const VecBlock<T, n> d(d_inner + b * Hp + j * L, Hp);
                    T* const place = d_state + b * recurrent.stride + j * L;
                    const VecBlock<T, n> d_h =
                        VecBlock<T, n>(place, recurrent.stride)
                        + cell.gradient_inner(at<n>(t, first, b, j, s), d);
                    d_h.store_to(place, recurrent.stride);
                }
            },
            [](int64_t) {}
        );
        s.wait_for_units();
    }

    // h and the gates of the step before, side by side.
    template <int n> void copy_recurrent_row(int64_t t, int64_t first, int64_t b, int64_t j) const {
        const auto row = [&](int64_t k) {
            return recurrent_rows + ((t - first) * B + b + k) * recurrent.stride;
        };
        const std::array<const void*, 3> given{io.i_0, io.f_0, io.o_0};
        const std::array<int64_t, 3> slots = cell.seen_slots();
        for (int k = 0; k < 3; k++)
            Base::write(
                row(0) + this->Pp + k * Hp, recurrent.stride, j, Hp,
                this->template before<n>(t, b, j, io.gates, gates_stride, slots[k], given[k], T(0))
            );
    }

    void gather(const Share& s, int64_t first, int64_t count) {
        if constexpr (Cell::sees_gates) {
            if (gradients.needs_recurrent())
                for (int64_t k : s.team.of(count * B)) {
                    const int64_t t = first + k / B, b = k % B;
                    Stored<T>* const row = recurrent_rows + k * recurrent.stride;
                    if (this->valid(t, b)) std::copy_n(this->h_before(t, b), this->P, row);
                    std::fill_n(row + this->P, this->Pp - this->P, Stored<T>(0));
                }
            s.wait_for_team();
        }
        gradients.gather(s, first, count, [&](int64_t t, int64_t b) -> const Stored<T>* {
            return Cell::sees_gates ? recurrent_rows + ((t - first) * B + b) * recurrent.stride
                                    : this->h_before(t, b);
        });
        output_projection.gather(s, first, count);
        if (Cell::has_inner_product && io.d_weight_hh)
            of_inner.gather(s, count * B, [&](int64_t k) -> const T* {
                return this->valid(first + k / B, k % B) ? inner + k * Hp : nullptr;
            });
    }

    void add(const Share& s, int64_t first, int64_t count) {
        gradients.add(s, first, count);
        output_projection.add(s, count);
        if constexpr (Cell::has_inner_product)
            if (io.d_weight_hh)
                of_inner.add(s, count * B);
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
