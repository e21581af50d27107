// Compiled once for each instruction set, with -DISA=<its name> and its flags.
#include "elman.h"
#include "gru.h"
#include "lstm_backward.h"
#include "subnormals.h"

namespace ISA {

template <class Recurrence, class Pass> void over_directions(const Call& call, const Pass& pass) {
    Recurrence first(call, 0);
    std::unique_ptr<Recurrence> second;
    if (call.directions == 2) second = std::make_unique<Recurrence>(call, 1);
    in_parallel(call.B, first.J, call.directions, call.threads, [&](int d, const Share& share) {
        pass(d ? *second : first, share);
    });
}

template <template <class> class Recurrence> void go_forward(const Call& call) {
    const auto pass = [](auto& r, const Share& share) { forward(r, share); };
    if (call.is_double) over_directions<Recurrence<double>>(call, pass);
    else over_directions<Recurrence<float>>(call, pass);
}

template <template <class> class Recurrence> void go_backward(const Call& call) {
    const auto pass = [](auto& r, const Share& share) {
        const NoSubnormals here;
        backward(r, share);
    };
    if (call.is_double) over_directions<Recurrence<double>>(call, pass);
    else over_directions<Recurrence<float>>(call, pass);
}

// Throws std::bad_alloc if there is too little memory, and nothing has happened then.
void run_forward(const Call& call) {
    switch (call.cell.kind) {
        case CellKind::lstm: return go_forward<LSTMForward>(call);
        case CellKind::gru: return go_forward<GRUForward>(call);
        case CellKind::elman: return go_forward<ElmanForward>(call);
    }
}

void run_backward(const Call& call) {
    switch (call.cell.kind) {
        case CellKind::lstm: return go_backward<LSTMBackward>(call);
        case CellKind::gru: return go_backward<GRUBackward>(call);
        case CellKind::elman: return go_backward<ElmanBackward>(call);
    }
}

}  // namespace ISA
