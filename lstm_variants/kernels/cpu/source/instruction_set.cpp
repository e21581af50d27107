// Compiled once for each instruction set, with -DISA=<its name> and its flags.
#include "backward.h"
#include "elman.h"
#include "forward.h"
#include "gru.h"
#include "indrnn.h"
#include "janet.h"
#include "layer_norm.h"
#include "lstm.h"
#include "mgu.h"
#include "minimal.h"
#include "multiplicative.h"
#include "slstm.h"

namespace ISA {

template <class Pass> void over_directions(const Call& call) {
    const Rows rows(call);
    Pass first(call, rows, 0);
    std::unique_ptr<Pass> second;
    if (call.directions == 2) second = std::make_unique<Pass>(call, rows, 1);
    in_parallel(call.B, first.J, call.directions, call.threads, [&](int d, const Part& team) {
        (d ? *second : first).run(team);
    });
}

template <template <class, template <class> class> class Pass, template <class> class Cell>
void go(const Call& call) {
#if !defined(BFLOAT16_PRODUCTS)
    if (call.is_double) return over_directions<Pass<double, Cell>>(call);
#endif
    over_directions<Pass<float, Cell>>(call);
}

template <template <class, template <class> class> class Pass> void run(const Call& call) {
    const Cell& cell = call.cell;
    switch (CellKind(cell.kind)) {
        case CellKind::lstm:
            return cell.gate_recurrence ? go<Pass, GateRecurrentLSTM>(call)
                                        : go<Pass, PlainLSTM>(call);
        case CellKind::gru:
            return cell.reset_after ? go<Pass, GRUAfter>(call) : go<Pass, GRUBefore>(call);
        case CellKind::elman: return go<Pass, Elman>(call);
        case CellKind::mgu: return go<Pass, MGU>(call);
        case CellKind::janet: return go<Pass, JANET>(call);
        case CellKind::indrnn: return go<Pass, IndRNN>(call);
        case CellKind::mingru: return go<Pass, MinGRU>(call);
        case CellKind::minlstm: return go<Pass, MinLSTM>(call);
        case CellKind::slstm: return go<Pass, SLSTM>(call);
        case CellKind::multiplicative: return go<Pass, MultiplicativeLSTM>(call);
        case CellKind::layer_norm: return go<Pass, LayerNormLSTM>(call);
    }
}

// Both throw std::bad_alloc if there is too little memory, and nothing has been written then.
void run_forward(const Call& call) { run<Forward>(call); }
void run_backward(const Call& call) { run<Backward>(call); }

}  // namespace ISA
