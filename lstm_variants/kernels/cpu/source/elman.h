// The simple recurrent network. The equation is that of cells/elman.py.
#pragma once

#include "gradient.h"
#include "projection.h"

namespace ISA {

template <class T> struct ElmanForward : Sequence<T> {
    using Base = Sequence<T>;
    using Base::call, Base::io, Base::B, Base::H, Base::Hp, Base::J;
    static constexpr int L = lanes<T>;

    const Blocks blocks{1, H, Hp};
    Projection<T> projection{*this, blocks};
    Packed<T> recurrent = this->scratch.take_packed(H, Hp);
    T* const h = this->scratch.take(B * Hp);

    using Base::Base;

    void pack(const Share& s) {
        projection.pack(s, blocks);
        pack_transposed<T>(
            Base::in(io.weight_hh), blocks, recurrent, s.team.of(recurrent.panels())
        );
    }

    void start(const Share& s) { this->read_state(s, io.h_0, H, h, Hp); }

    void step(int64_t t, T* gates, const Share& s) {
        multiply_add<T>(h, Hp, recurrent, gates, Hp, s.sequences, s.units.of(recurrent.panels()));
        s.wait_for_units();
        this->over_sequences(
            t, s,
            [&](auto n, int64_t b) {
                for (int64_t j : s.units.of(J)) {
                    const Several<T, n> a(gates + b * Hp + j * L, Hp);
                    const Several<T, n> now = call.cell.relu ? relu(a) : tanh(a);
                    now.store_to(h + b * Hp + j * L, Hp);
                    this->write(this->output(t, b), this->output_stride, j, H, now);
                }
            },
            [&](int64_t b) {
                for (int64_t j : s.units.of(J)) store<T>(this->output(t, b), j, H, Vec<T>{});
            }
        );
        s.wait_for_units();
    }

    void finish(const Share& s) { this->write_state(s, h, Hp, io.h_n, H); }
};

template <class T> struct ElmanBackward : Sequence<T> {
    using Base = Sequence<T>;
    using Base::call, Base::io, Base::B, Base::H, Base::Hp, Base::J;
    static constexpr int L = lanes<T>;

    const Blocks blocks{1, H, Hp};
    Gradients<T> gradients{*this, blocks, blocks, blocks};
    Packed<T> recurrent = this->scratch.take_packed(Hp, Hp);
    T* const dh = this->scratch.take(B * Hp);

    using Base::Base;

    void pack(const Share& s) {
        gradients.pack(s);
        pack_weights<T>(
            Base::in(io.weight_hh), H, blocks, recurrent, s.team.of(recurrent.panels())
        );
    }

    void start(const Share& s) { this->read_state(s, io.d_h_n, H, dh, Hp); }

    void step(int64_t t, int64_t first, const Share& s) {
        T* const d_gates = gradients.gates_from(first, t);
        for (int64_t b : s.sequences) {
            const bool valid = this->valid(t, b);
            for (int64_t j : s.units.of(J)) {
                Vec<T> d_a{};
                if (valid) {
                    T* const state = dh + b * Hp + j * L;
                    const Vec<T> h = load<T>(this->output(t, b), j, H);
                    const Vec<T> d = load<T>(state) + this->d_output(t, b, j).v[0];
                    d_a = call.cell.relu ? (h > T(0) ? d : Vec<T>{}) : d * (T(1) - h * h);
                    store<T>(state, Vec<T>{});
                }
                store<T>(d_gates + b * gradients.stride + j * L, d_a);
            }
        }
        s.wait_for_units();
        multiply_add<T>(
            d_gates, gradients.stride, recurrent, dh, Hp, s.sequences,
            s.units.of(recurrent.panels())
        );
        s.wait_for_units();
    }

    void gather(const Share& s, int64_t first, int64_t count) { gradients.gather(s, first, count); }
    void add(const Share& s, int64_t first, int64_t count) { gradients.add(s, first, count); }

    void finish(const Share& s) {
        gradients.write(s);
        this->write_state(s, dh, Hp, io.d_h_0, H);
    }
};

}  // namespace ISA
