// The LSTM family, backward.
#pragma once

#include "gradient.h"
#include "lstm.h"

namespace ISA {

template <class T> struct LSTMBackward : LSTM<T> {
    using Base = LSTM<T>;
    using Base::call, Base::io, Base::B, Base::H, Base::P, Base::Hp, Base::Pp, Base::J, Base::L;
    using Base::at, Base::cell, Base::projects;

    Gradients<T> gradients{*this, this->blocks, this->blocks, this->blocks};
    Packed<T> recurrent = this->scratch.take_packed(this->blocks.places(), Pp);
    T* const dh = this->scratch.take(B * Pp);
    T* const dc = this->scratch.take(B * Hp);
    // Of the peepholes: each thread's sum over its sequences, of this step and of all. In two
    // stages, since the error of a long sum grows with its length.
    const int64_t sums_size = 3 * Hp;
    T* const sums = this->scratch.take(2 * sums_size * std::max(call.threads, 1));
    // With a projection.
    const int64_t projected_rows = projects ? gradients.most_rows_at_once() : 0;
    Packed<T> projector = this->scratch.take_packed(projects ? Pp : 0, Hp);
    T* const d_unprojected = projects ? this->scratch.take(B * Hp) : dh;
    T* const d_projected = this->scratch.take(projected_rows * Pp);
    T* const shown_rows = this->scratch.take(projected_rows * Hp);
    SumOfProducts<T> of_projector{*this, projected_rows, projects ? Pp : 0, H};

    using Base::Base;

    void pack(const Share& s) {
        gradients.pack(s);
        pack_weights<T>(
            Base::in(io.weight_hh), P, this->blocks, recurrent, s.team.of(recurrent.panels())
        );
        this->pack_peepholes(s);
        std::fill_n(step_sums(s), 2 * sums_size, T(0));
        if (!projects) return;
        pack_weights<T>(
            Base::in(io.weight_hr), H, {1, P, Pp}, projector, s.team.of(projector.panels())
        );
        of_projector.start(s);
    }
    T* step_sums(const Share& s) const { return sums + s.team.index * 2 * sums_size; }

    void start(const Share& s) {
        this->read_state(s, io.d_h_n, P, dh, Pp);
        this->read_state(s, io.d_c_n, H, dc, Hp);
    }

    void step(int64_t t, int64_t first, const Share& s) {
        if (projects) project_back(t, first, s);
        T *const d_gates = gradients.gates_from(first, t), *const step = step_sums(s);
        T* const shown = shown_rows + (t - first) * B * Hp;
        const Range units = s.units.of(J);
        this->over_sequences(
            t, s,
            [&](auto n, int64_t b) {
                for (int64_t j : units)
                    apply<n>(
                        t, b, j, d_gates + b * gradients.stride + j * L, step,
                        shown + b * Hp + j * L
                    );
            },
            [&](int64_t b) {
                for (int64_t j : units)
                    for (int k = 0; k < cell.blocks; k++)
                        store<T>(d_gates + b * gradients.stride + k * Hp + j * L, Vec<T>{});
            }
        );
        if (at.peepholes) add_up(s);
        s.wait_for_units();
        multiply_add<T>(
            d_gates, gradients.stride, recurrent, dh, Pp, s.sequences,
            s.units.of(recurrent.panels())
        );
        s.wait_for_units();
    }

    // Vector j of n sequences from b on.
    template <int n>
    inline void apply(int64_t t, int64_t b, int64_t j, T* d_gates, T* step_sums, T* shown_rows) {
        using Vecs = Several<T, n>;
        const int64_t state = b * Hp + j * L;
        const T* const gates =
            Base::in(io.gates) + (t * B + b) * this->gates_stride + j * L;
        const auto gate = [&](int k) {
            return k < 0 ? Vecs(1) : Vecs(gates + k * Hp, this->gates_stride);
        };
        const Vecs c_old = c_before<n>(t, b, j), c(Base::in(io.cells) + t * B * Hp + state, Hp);
        const Vecs i = gate(at.i), g = gate(at.g), o = gate(at.o);
        const Vecs f = cell.coupled ? T(1) - i : gate(at.f);

        Vecs d(d_unprojected + state, Hp);
        if (!projects) d = d + this->template d_output<n>(t, b, j);
        Vecs(0).store_to(d_unprojected + state, Hp);
        const auto keep = [&](int slot, const Vecs& gradient) {
            gradient.store_to(d_gates + slot * Hp, gradients.stride);
        };
        const auto add = [&](int k, const Vecs& gradient) {
            if (!at.peepholes) return;
            T* const to = step_sums + k * Hp + j * L;
            Vec<T> sum = load<T>(to);
            for (int row = 0; row < n; row++) sum += gradient.v[row];
            store<T>(to, sum);
        };
        Vecs shown = c, slope(1);
        if (cell.output_activation) {
            shown = tanh(c);
            slope = T(1) - shown * shown;
        }
        if (projects) (o * shown).store_to(shown_rows, Hp);
        Vecs d_c = Vecs(dc + state, Hp) + d * o * slope, d_old(0);
        if (at.o >= 0) {
            const bool sees_new = cell.peephole == current;
            const Vecs d_o = d * shown * o * (T(1) - o);
            keep(at.o, d_o);
            if (sees_new) d_c = d_c + this->peep(at.p_o, j, d_o);
            else d_old = d_old + this->peep(at.p_o, j, d_o);
            add(at.p_o, d_o * (sees_new ? c : c_old));
        }
        if (at.i >= 0) {
            const Vecs d_i = d_c * (cell.coupled ? g - c_old : g) * i * (T(1) - i);
            keep(at.i, d_i);
            d_old = d_old + this->peep(at.p_i, j, d_i);
            add(at.p_i, d_i * c_old);
        }
        if (at.f >= 0) {
            const Vecs d_f = d_c * c_old * f * (T(1) - f);
            keep(at.f, d_f);
            d_old = d_old + this->peep(at.p_f, j, d_f);
            add(at.p_f, d_f * c_old);
        }
        keep(at.g, cell.input_activation ? d_c * i * (T(1) - g * g) : d_c * i);
        (d_old + d_c * f).store_to(dc + state, Hp);
    }

    template <int n> Several<T, n> c_before(int64_t t, int64_t b, int64_t j) const {
        const auto row = [&](int64_t time, int64_t sequence) {
            return Base::in(io.cells) + (time * B + sequence) * Hp + j * L;
        };
        Several<T, n> c;
        for (int k = 0; k < n; k++) {
            const T* const earlier = this->before(t, b + k, row);
            c.v[k] = earlier ? load<T>(earlier) : load<T>(Base::in(io.c_0) + (b + k) * H, j, H);
        }
        return c;
    }

    // From the gradient of h to that of o * tanh(c).
    void project_back(int64_t t, int64_t first, const Share& s) {
        T* const kept = d_projected + (t - first) * B * Pp;
        for (int64_t b : s.sequences)
            for (int64_t j : s.units.of(Pp / L)) {
                T* const d = dh + b * Pp + j * L;
                const bool valid = this->valid(t, b);
                if (valid) store<T>(d, load<T>(d) + this->d_output(t, b, j).v[0]);
                store<T>(kept + b * Pp + j * L, valid ? load<T>(d) : Vec<T>{});
            }
        s.wait_for_units();
        const Range columns = Base::columns(s, projector);
        for (int64_t b : s.sequences)
            std::fill_n(d_unprojected + b * Hp + columns.first, columns.size(), T(0));
        multiply_add<T>(
            dh, Pp, projector, d_unprojected, Hp, s.sequences, s.units.of(projector.panels())
        );
        s.wait_for_units();
        for (int64_t b : s.sequences)
            if (this->valid(t, b))
                for (int64_t j : s.units.of(Pp / L)) store<T>(dh + b * Pp + j * L, Vec<T>{});
    }

    void add_up(const Share& s) {
        T *const step = step_sums(s), *const total = step + sums_size;
        for (int64_t k = 0; k < at.peepholes; k++)
            for (int64_t j : s.units.of(J)) {
                T *const from = step + k * Hp + j * L, *const to = total + k * Hp + j * L;
                store<T>(to, load<T>(to) + load<T>(from));
                store<T>(from, Vec<T>{});
            }
    }

    void gather(const Share& s, int64_t first, int64_t count) {
        gradients.gather(s, first, count);
        if (projects && io.d_weight_hr)
            of_projector.gather(s, count * B, [&](int64_t k) -> const T* {
                return this->valid(first + k / B, k % B) ? shown_rows + k * Hp : nullptr;
            });
    }

    void add(const Share& s, int64_t first, int64_t count) {
        gradients.add(s, first, count);
        if (projects && io.d_weight_hr) of_projector.add(s, count * B, d_projected, Pp);
    }

    void finish(const Share& s) {
        gradients.write(s);
        if (projects && io.d_weight_hr)
            of_projector.write(s, {1, P, Pp}, Base::out(io.d_weight_hr));
        this->write_state(s, dh, Pp, io.d_h_0, P);
        this->write_state(s, dc, Hp, io.d_c_0, H);
        if (s.team.index || !io.d_weight_ch) return;
        for (int64_t k = 0; k < at.peepholes; k++)
            for (int64_t j = 0; j < J; j++) {
                Vec<T> total{};
                for (int64_t thread = 0; thread < s.team.count; thread++)
                    total += load<T>(
                        sums + (2 * thread + 1) * sums_size + k * Hp + j * L
                    );
                store<T>(Base::out(io.d_weight_ch) + k * H, j, H, total);
            }
    }
};

}  // namespace ISA
