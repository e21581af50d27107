// The LSTM family, forward. The equations are those of cells/lstm.py; a gate that is not there is
// open.
#pragma once

#include "projection.h"

namespace ISA {

enum Peephole : int32_t { none, previous, current };

// Where the gates lie in a row of gates, and their peepholes among the peepholes; -1 if absent.
struct LSTMPlaces {
    int i, f, g, o, p_i, p_f, p_o, peepholes;

    explicit LSTMPlaces(const Cell& cell) {
        int next = 0;
        i = cell.input_gate ? next++ : -1;
        f = cell.forget_gate && !cell.coupled ? next++ : -1;
        g = next++;
        o = cell.output_gate ? next++ : -1;
        p_i = i;
        p_f = f;
        p_o = o < 0 ? -1 : o - 1;
        peepholes = cell.peephole ? next - 1 : 0;
    }
};

template <class T> struct LSTM : Sequence<T> {
    using Base = Sequence<T>;
    using Base::call, Base::io, Base::B, Base::H, Base::P, Base::Hp, Base::Pp, Base::J;
    static constexpr int L = lanes<T>;

    const Cell& cell = call.cell;
    const LSTMPlaces at{call.cell};
    const Blocks blocks{call.cell.blocks, H, Hp};
    const bool projects = io.weight_hr != nullptr;
    T* const peepholes = this->scratch.take(3 * Hp);

    using Base::Base;

    void pack_peepholes(const Share& share) {
        if (share.team.index) return;
        for (int k = 0; k < at.peepholes; k++)
            for (int64_t j = 0; j < J; j++)
                store<T>(peepholes + k * Hp + j * L, load<T>(Base::in(io.weight_ch) + k * H, j, H));
    }
    // Peephole number k times the cell state; zero for a gate without.
    template <int n> Several<T, n> peep(int k, int64_t j, const Several<T, n>& c) const {
        return at.peepholes ? c * load<T>(peepholes + k * Hp + j * L) : Several<T, n>(0);
    }
};

template <class T> struct LSTMForward : LSTM<T> {
    using Base = LSTM<T>;
    using Base::call, Base::io, Base::B, Base::H, Base::P, Base::Hp, Base::Pp, Base::J, Base::L;
    using Base::at, Base::cell, Base::projects;

    Projection<T> projection{*this, this->blocks};
    Packed<T> recurrent = this->scratch.take_packed(P, this->blocks.places());
    Packed<T> projector = this->scratch.take_packed(projects ? H : 0, Pp);
    T* const h = this->scratch.take(B * Pp);
    T* const c = this->scratch.take(B * Hp);
    T* const unprojected = projects ? this->scratch.take(B * Hp) : h;
    T* const projected = this->scratch.take(projects ? B * Pp : 0);

    using Base::Base;

    void pack(const Share& s) {
        projection.pack(s, this->blocks);
        pack_transposed<T>(
            Base::in(io.weight_hh), this->blocks, recurrent, s.team.of(recurrent.panels())
        );
        this->pack_peepholes(s);
        if (projects)
            pack_transposed<T>(
                Base::in(io.weight_hr), {1, P, Pp}, projector, s.team.of(projector.panels())
            );
    }

    void start(const Share& s) {
        this->read_state(s, io.h_0, P, h, Pp);
        this->read_state(s, io.c_0, H, c, Hp);
    }

    void step(int64_t t, T* gates, const Share& s) {
        multiply_add<T>(
            h, Pp, recurrent, gates, this->gates_stride, s.sequences,
            s.units.of(recurrent.panels())
        );
        s.wait_for_units();
        const Range units = s.units.of(J);
        this->over_sequences(
            t, s,
            [&](auto n, int64_t b) {
                for (int64_t j : units) apply<n>(t, b, j, gates + b * this->gates_stride + j * L);
            },
            [&](int64_t b) {
                for (int64_t j : units) skip(t, b, j, gates + b * this->gates_stride + j * L);
            }
        );
        s.wait_for_units();
        if (projects) project_h(t, s);
    }

    // Vector j of n sequences from b on; `row` is where their gates are.
    template <int n> inline void apply(int64_t t, int64_t b, int64_t j, T* row) {
        using Vecs = Several<T, n>;
        const int64_t stride = this->gates_stride, state = b * Hp + j * L;
        const auto a = [&](int k) { return Vecs(row + k * Hp, stride); };
        const Vecs c_old(c + state, Hp);
        Vecs i(1), f(1), o(1), g = a(at.g);
        if (at.i >= 0) i = sigmoid(a(at.i) + this->peep(at.p_i, j, c_old));
        if (at.f >= 0) f = sigmoid(a(at.f) + this->peep(at.p_f, j, c_old));
        if (cell.coupled) f = T(1) - i;
        if (cell.input_activation) g = tanh(g);
        const Vecs c_new = f * c_old + i * g;
        if (at.o >= 0) {
            const Vecs& seen = cell.peephole == current ? c_new : c_old;
            o = sigmoid(a(at.o) + this->peep(at.p_o, j, seen));
        }
        const Vecs shown = o * (cell.output_activation ? tanh(c_new) : c_new);
        c_new.store_to(c + state, Hp);
        shown.store_to(unprojected + state, Hp);
        if (!projects) this->write(this->output(t, b), this->output_stride, j, H, shown);
        if (!io.gates) return;
        const auto keep = [&](int k, const Vecs& x) {
            if (k >= 0) x.store_to(row + k * Hp, stride);
        };
        keep(at.i, i);
        keep(at.f, f);
        keep(at.g, g);
        keep(at.o, o);
        c_new.store_to(Base::out(io.cells) + t * B * Hp + state, Hp);
    }

    // Past the end of a sequence there are zeros.
    void skip(int64_t t, int64_t b, int64_t j, T* row) {
        if (!projects) store<T>(this->output(t, b), j, H, Vec<T>{});
        if (!io.gates) return;
        for (int k = 0; k < cell.blocks; k++) store<T>(row + k * Hp, Vec<T>{});
        store<T>(Base::out(io.cells) + (t * B + b) * Hp + j * L, Vec<T>{});
    }

    // h = W_hr (o * tanh(c)).
    void project_h(int64_t t, const Share& s) {
        const Range columns = Base::columns(s, projector);
        for (int64_t b : s.sequences)
            std::fill_n(projected + b * Pp + columns.first, columns.size(), T(0));
        multiply_add<T>(
            unprojected, Hp, projector, projected, Pp, s.sequences, s.units.of(projector.panels())
        );
        for (int64_t b : s.sequences)
            for (int64_t j : Range{columns.first / L, columns.past / L}) {
                const bool valid = this->valid(t, b);
                const Vec<T> now = load<T>(projected + b * Pp + j * L);
                if (valid) store<T>(h + b * Pp + j * L, now);
                store<T>(this->output(t, b), j, P, valid ? now : Vec<T>{});
            }
        s.wait_for_units();
    }

    void finish(const Share& s) {
        this->write_state(s, h, Pp, io.h_n, P);
        this->write_state(s, c, Hp, io.c_n, H);
    }
};

}  // namespace ISA
