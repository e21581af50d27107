// The gated recurrent unit. The equations are those of cells/gru.py.
//
// A row of gates has the slots n, r, z and, if the reset comes after the product, u = U_n h + d_n:
// so the input's blocks lie side by side, and so do the recurrent weights'.
#pragma once

#include "gradient.h"
#include "projection.h"

namespace ISA {

template <class T> struct GRU : Sequence<T> {
    using Base = Sequence<T>;
    using Base::call, Base::io, Base::H, Base::Hp;
    static constexpr int L = lanes<T>;
    enum Slot { n, r, z, u };

    const bool after = call.cell.reset_after;
    const Blocks input{3, H, Hp, 2, n};  // of r, z, n, the last one first
    const Blocks recurrent_blocks{after ? 3 : 2, H, Hp, 0, r};  // r, z, u; or r, z, and n apart
    const Blocks recurrent_bias = after ? recurrent_blocks : input;
    const T* const weight_hn = Base::in(io.weight_hh) + 2 * H * H;

    using Base::Base;
};

template <class T> struct GRUForward : GRU<T> {
    using Base = GRU<T>;
    using Base::call, Base::io, Base::B, Base::H, Base::Hp, Base::J, Base::L, Base::after;
    using Base::n, Base::r, Base::z, Base::u;

    Projection<T> projection{*this, this->input};
    Packed<T> recurrent = this->scratch.take_packed(H, this->recurrent_blocks.places());
    Packed<T> candidate = this->scratch.take_packed(after ? 0 : H, Hp);
    T* const h = this->scratch.take(B * Hp);
    T* const reset = this->scratch.take(after ? 0 : B * Hp);  // r * h

    using Base::Base;

    void pack(const Share& s) {
        projection.pack(s, this->recurrent_bias);
        pack_transposed<T>(
            Base::in(io.weight_hh), this->recurrent_blocks, recurrent,
            s.team.of(recurrent.panels())
        );
        if (!after)
            pack_transposed<T>(
                this->weight_hn, {1, H, Hp}, candidate, s.team.of(candidate.panels())
            );
    }

    void start(const Share& s) { this->read_state(s, io.h_0, H, h, Hp); }

    void step(int64_t t, T* gates, const Share& s) {
        const int64_t stride = this->gates_stride;
        multiply_add<T>(
            h, Hp, recurrent, gates + r * Hp, stride, s.sequences, s.units.of(recurrent.panels())
        );
        s.wait_for_units();
        if (!after) {
            this->over_sequences(
                t, s,
                [&](auto n, int64_t b) {
                    for (int64_t j : s.units.of(J)) {
                        T* const row = gates + b * stride + r * Hp + j * L;
                        const auto gate = sigmoid(Several<T, n>(row, stride));
                        gate.store_to(row, stride);
                        const int64_t state = b * Hp + j * L;
                        (gate * Several<T, n>(h + state, Hp)).store_to(reset + state, Hp);
                    }
                },
                [](int64_t) {}
            );
            s.wait_for_units();
            multiply_add<T>(
                reset, Hp, candidate, gates + n * Hp, stride, s.sequences,
                s.units.of(candidate.panels())
            );
            s.wait_for_units();
        }
        const Range units = s.units.of(J);
        this->over_sequences(
            t, s,
            [&](auto n, int64_t b) {
                for (int64_t j : units) apply<n>(t, b, j, gates + b * stride + j * L);
            },
            [&](int64_t b) {
                for (int64_t j : units) skip(t, b, j, gates + b * stride + j * L);
            }
        );
        s.wait_for_units();
    }

    // Vector j of m sequences from b on; `row` is where their gates are.
    template <int m> inline void apply(int64_t t, int64_t b, int64_t j, T* row) {
        using Vecs = Several<T, m>;
        const int64_t stride = this->gates_stride;
        T* const state = h + b * Hp + j * L;
        const Vecs h_old(state, Hp), update = sigmoid(Vecs(row + z * Hp, stride));
        Vecs a(row + n * Hp, stride), reset_gate(0);
        if (after) {
            reset_gate = sigmoid(Vecs(row + r * Hp, stride));
            a = a + reset_gate * Vecs(row + u * Hp, stride);
        }
        const Vecs fresh = tanh(a), h_new = (T(1) - update) * fresh + update * h_old;
        h_new.store_to(state, Hp);
        this->write(this->output(t, b), this->output_stride, j, H, h_new);
        if (!io.gates) return;
        fresh.store_to(row + n * Hp, stride);
        update.store_to(row + z * Hp, stride);
        if (after) reset_gate.store_to(row + r * Hp, stride);
    }

    // Past the end of a sequence there are zeros.
    void skip(int64_t t, int64_t b, int64_t j, T* row) {
        store<T>(this->output(t, b), j, H, Vec<T>{});
        if (!io.gates) return;
        for (int64_t k = 0; k < this->gates_stride / Hp; k++) store<T>(row + k * Hp, Vec<T>{});
    }

    void finish(const Share& s) { this->write_state(s, h, Hp, io.h_n, H); }
};

template <class T> struct GRUBackward : GRU<T> {
    using Base = GRU<T>;
    using Base::call, Base::io, Base::B, Base::H, Base::Hp, Base::J, Base::L, Base::after;
    using Base::n, Base::r, Base::z, Base::u;

    Gradients<T> gradients{*this, this->input, this->recurrent_blocks, this->recurrent_bias};
    Packed<T> recurrent = this->scratch.take_packed(this->recurrent_blocks.places(), Hp);
    T* const dh = this->scratch.take(B * Hp);
    // If the reset comes before the product.
    const int64_t reset_rows = after ? 0 : gradients.most_rows_at_once();
    Packed<T> candidate = this->scratch.take_packed(after ? 0 : Hp, Hp);
    T* const d_reset = this->scratch.take(after ? 0 : B * Hp);  // of r * h
    T* const reset = this->scratch.take(reset_rows * Hp);       // r * h
    SumOfProducts<T> of_candidate{*this, reset_rows, after ? 0 : Hp, H};

    using Base::Base;

    void pack(const Share& s) {
        gradients.pack(s);
        pack_weights<T>(
            Base::in(io.weight_hh), H, this->recurrent_blocks, recurrent,
            s.team.of(recurrent.panels())
        );
        if (after) return;
        pack_weights<T>(
            this->weight_hn, H, {1, H, Hp}, candidate, s.team.of(candidate.panels())
        );
        of_candidate.start(s);
    }

    void start(const Share& s) { this->read_state(s, io.d_h_n, H, dh, Hp); }

    void step(int64_t t, int64_t first, const Share& s) {
        const int64_t stride = gradients.stride;
        T* const d_gates = gradients.gates_from(first, t);
        each(t, s, [&](int64_t b, int64_t j, const T* gates, bool valid) {
            T* const to = d_gates + b * stride + j * L;
            if (valid) apply(t, b, j, gates, to);
            else
                for (int64_t k = 0; k < this->gates_stride / Hp; k++)
                    store<T>(to + k * Hp, Vec<T>{});
            if (!after) store<T>(d_reset + b * Hp + j * L, Vec<T>{});
        });
        s.wait_for_units();
        if (!after) {
            multiply_add<T>(
                d_gates + n * Hp, stride, candidate, d_reset, Hp, s.sequences,
                s.units.of(candidate.panels())
            );
            s.wait_for_units();
            T* const rows = reset + (t - first) * B * Hp;
            each(t, s, [&](int64_t b, int64_t j, const T* gates, bool valid) {
                const int64_t place = b * Hp + j * L;
                if (valid) apply_reset(t, b, j, gates, d_gates + b * stride + j * L, rows + place);
            });
            s.wait_for_units();
        }
        multiply_add<T>(
            d_gates + r * Hp, stride, recurrent, dh, Hp, s.sequences,
            s.units.of(recurrent.panels())
        );
        s.wait_for_units();
    }

    template <class F> void each(int64_t t, const Share& s, const F& f) const {
        for (int64_t b : s.sequences) {
            const T* const gates = Base::in(io.gates) + (t * B + b) * this->gates_stride;
            for (int64_t j : s.units.of(J)) f(b, j, gates + j * L, this->valid(t, b));
        }
    }

    inline void apply(int64_t t, int64_t b, int64_t j, const T* gates, T* d_gates) {
        const Vec<T> fresh = load<T>(gates + n * Hp), update = load<T>(gates + z * Hp);
        T* const state = dh + b * Hp + j * L;
        const Vec<T> d = load<T>(state) + this->d_output(t, b, j).v[0];
        const Vec<T> d_n = d * (T(1) - update) * (T(1) - fresh * fresh);
        store<T>(d_gates + n * Hp, d_n);
        store<T>(
            d_gates + z * Hp,
            d * (load<T>(this->h_before(t, b), j, H) - fresh) * update * (T(1) - update)
        );
        store<T>(state, d * update);
        if (!after) return;
        const Vec<T> gate = load<T>(gates + r * Hp);
        store<T>(d_gates + u * Hp, d_n * gate);
        store<T>(d_gates + r * Hp, d_n * load<T>(gates + u * Hp) * gate * (T(1) - gate));
    }

    inline void apply_reset(
        int64_t t, int64_t b, int64_t j, const T* gates, T* d_gates, T* reset_row
    ) {
        const Vec<T> gate = load<T>(gates + r * Hp), d = load<T>(d_reset + b * Hp + j * L);
        const Vec<T> h_old = load<T>(this->h_before(t, b), j, H);
        store<T>(reset_row, gate * h_old);
        store<T>(d_gates + r * Hp, d * h_old * gate * (T(1) - gate));
        T* const state = dh + b * Hp + j * L;
        store<T>(state, load<T>(state) + d * gate);
    }

    void gather(const Share& s, int64_t first, int64_t count) {
        gradients.gather(s, first, count);
        if (!after && io.d_weight_hh)
            of_candidate.gather(s, count * B, [&](int64_t k) -> const T* {
                return this->valid(first + k / B, k % B) ? reset + k * Hp : nullptr;
            });
    }

    void add(const Share& s, int64_t first, int64_t count) {
        gradients.add(s, first, count);
        if (!after && io.d_weight_hh)
            of_candidate.add(
                s, count * B, gradients.gates_from(first, first) + n * Hp, gradients.stride
            );
    }

    void finish(const Share& s) {
        gradients.write(s);
        if (!after && io.d_weight_hh)
            of_candidate.write(s, {1, H, Hp}, Base::out(io.d_weight_hh) + 2 * H * H);
        this->write_state(s, dh, Hp, io.d_h_0, H);
    }
};

}  // namespace ISA
