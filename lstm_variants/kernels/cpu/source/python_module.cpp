// A module of CPython that calls the library for ordinary tensors: it reads and makes them without a line
// of Python in between. Whatever is unusual, in dtype, shape or memory, it leaves to backend.py, which
// computes it or names the mistake: the functions return None then.
#include "python_plan.h"

#include <algorithm>
#include <cstdlib>

namespace {

// A call as it is read. `x` is its input.
struct Reading {
    explicit Reading(const Plan& of) : plan(of), call(of.fixed) {}

    const Plan& plan;
    Call call;
    int instruction_set;
    PyObject* x;
    DLTensor tensor[max_tensors];  // as in `Call.flatten` of Python
};

void* address(const DLTensor& tensor) { return static_cast<char*>(tensor.data) + tensor.byte_offset; }

int64_t elements(const DLTensor& tensor) {
    int64_t product = 1;
    for (int d = 0; d < tensor.ndim; d++) product *= tensor.shape[d];
    return product;
}

bool is_contiguous(const DLTensor& tensor) {
    int64_t expected = 1;
    for (int d = tensor.ndim - 1; d >= 0; d--) {
        if (tensor.shape[d] != 1 && tensor.strides[d] != expected) return elements(tensor) == 0;
        expected *= tensor.shape[d];
    }
    return true;
}

template <class... Sizes>
bool has_shape(const DLTensor& tensor, Sizes... sizes) {
    const int64_t expected[] = {sizes...};
    return tensor.ndim == sizeof...(sizes) && std::equal(expected, std::end(expected), tensor.shape);
}

// Whether an object is a tensor of that dtype on the CPU, with memory.
bool read(const Plan& plan, PyObject* object, DLDataType dtype, DLTensor& tensor) {
    if (plan.api->tensor_of_object(object, &tensor) != 0) {
        PyErr_Clear();  // backend.py has a message of its own
        return false;
    }
    return tensor.device_type == dl_cpu && tensor.dtype.code == dtype.code
           && tensor.dtype.bits == dtype.bits && tensor.dtype.lanes == 1
           && (tensor.ndim == 0 || tensor.strides) && (address(tensor) || elements(tensor) == 0);
}

constexpr DLDataType int64_type{dl_int, 64, 1}, bool_type{dl_bool, 8, 1};

// Sizes, and what is common to both passes. `given` are the first arguments of a pass.
bool read_call(Reading& reading, PyObject* const* given) {
    PyObject *flat = given[1], *lengths = given[2], *resets = given[3], *batch_sizes = given[4];
    const Plan& plan = reading.plan;
    Call& call = reading.call;
    call.threads = static_cast<int32_t>(PyLong_AsLong(given[5]));
    reading.instruction_set = static_cast<int>(PyLong_AsLong(given[6]));
    if (PyErr_Occurred()) return false;
    if (!PyList_Check(flat) || PyList_Size(flat) != plan.tensors()) return false;
    for (int i = 0; i < plan.tensors(); i++) {
        DLTensor& tensor = reading.tensor[i];
        if (!read(plan, PyList_GetItem(flat, i), plan.dtype, tensor)) return false;
        if (i > 0 && !is_contiguous(tensor)) return false;
    }

    const DLTensor &x = reading.tensor[0], *states = reading.tensor + plan.tensors() - plan.fields;
    const bool is_packed = batch_sizes != Py_None;
    reading.x = PyList_GetItem(flat, 0);
    if (x.ndim != (is_packed ? 2 : 3) || x.strides[x.ndim - 1] != 1 || states[0].ndim != 3) return false;
    DLTensor sizes, other;
    if (is_packed && (!read(plan, batch_sizes, int64_type, sizes) || sizes.ndim != 1)) return false;
    call.N = x.shape[0];
    call.T = is_packed ? sizes.shape[0] : x.shape[0];
    call.B = states[0].shape[1];
    call.D = x.shape[x.ndim - 1];
    call.P = call.H = states[0].shape[2];
    if (plan.projection >= 0) {
        const DLTensor& projection = reading.tensor[1 + plan.projection];
        if (projection.ndim != 2) return false;
        call.H = projection.shape[1];
    }
    call.padded = (call.H + plan.vector() - 1) / plan.vector() * plan.vector();
    if (call.N < 1 || call.T < 1 || call.B < 1 || call.H < 1 || call.P < 1) return false;
    if (!is_packed && x.shape[1] != call.B) return false;
    call.x = address(x);
    call.x_time = is_packed ? 0 : x.strides[0];
    call.x_batch = x.strides[x.ndim - 2];
    if (is_packed) {
        if (!is_contiguous(sizes)) return false;
        call.batch_sizes = address(sizes);
    }
    if (lengths != Py_None) {
        if (!read(plan, lengths, int64_type, other) || !has_shape(other, call.B) || !is_contiguous(other))
            return false;
        call.lengths = address(other);
    }
    if (resets != Py_None) {
        if (!read(plan, resets, bool_type, other) || !is_contiguous(other)) return false;
        if (!(is_packed ? has_shape(other, call.N) : has_shape(other, call.T, call.B))) return false;
        call.resets = address(other);
    }

    const DLTensor* next = reading.tensor + 1;
    for (int k = 0; k < call.directions; k++) {
        for (int i = 0; i < plan.weights; i++, next++) {
            const Weight& weight = plan.weight[i];
            if (next->ndim != weight.dims) return false;
            for (int d = 0; d < weight.dims; d++)
                if (next->shape[d] != weight.extents[d].in(call)) return false;
            pointer_at(call.direction[k], weight.place) = address(*next);
        }
    }
    for (int i = 0; i < plan.fields; i++)
        if (!has_shape(states[i], call.directions, call.B, i == 0 ? call.P : call.H)) return false;
    return true;
}

// Enters the halves of a tensor [directions, B, ...].
void enter(Call& call, Place place, const DLTensor& tensor) {
    const int64_t half = elements(tensor) / call.directions * (tensor.dtype.bits / 8);
    for (int k = 0; k < call.directions; k++)
        pointer_at(call.direction[k], place) = static_cast<char*>(address(tensor)) + k * half;
}

// Makes a tensor; `options` are further ones of `new_empty`, or None. `tensor` is its memory.
Object make(const Reading& reading, const int64_t* shape, int dims, PyObject* options, DLTensor& tensor) {
    const Plan& plan = reading.plan;
    Object sizes(PyTuple_New(dims));
    for (int d = 0; sizes && d < dims; d++) {
        PyObject* size = PyLong_FromLongLong(shape[d]);
        if (!size || PyTuple_SetItem(sizes.get(), d, size) < 0) return nullptr;
    }
    if (!sizes) return nullptr;
    Object made;
    if (options == Py_None) {
        made.reset(PyObject_CallMethodObjArgs(reading.x, plan.new_empty.get(), sizes.get(), nullptr));
    } else {
        Object method(PyObject_GetAttr(reading.x, plan.new_empty.get()));
        Object arguments(method ? PyTuple_Pack(1, sizes.get()) : nullptr);
        if (arguments) made.reset(PyObject_Call(method.get(), arguments.get(), options));
    }
    if (made && plan.api->tensor_of_object(made.get(), &tensor) != 0) return nullptr;
    return made;
}

// The rows of what has one per sequence and step, of that width.
int rows_of(const Reading& reading, int64_t width, int64_t* shape) {
    const DLTensor& x = reading.tensor[0];
    std::copy(x.shape, x.shape + x.ndim - 1, shape);
    shape[x.ndim - 1] = width;
    return x.ndim;
}

// Allocates the memory of all gradients at once, and frees it. glibc keeps freed memory up to twice the
// largest block so far. Gradients of large weights, freed one after the other, are more than that, and were
// got from the system anew in each call, which takes longer than a step.
void make_room(const Reading& reading, PyObject* needs_grad) {
    size_t size = 0;
    for (int i = 0; i < reading.plan.tensors(); i++)
        if (PyTuple_GetItem(needs_grad, i) == Py_True)
            size += elements(reading.tensor[i]) * reading.plan.dtype.bits / 8;
    void* volatile room = std::malloc(size);  // volatile: or the compiler leaves it out
    std::free(room);
}

bool compute(const Reading& reading, bool backward) {
    PyThreadState* state = PyEval_SaveThread();
    const int result = reading.plan.run(&reading.call, reading.instruction_set, backward);
    PyEval_RestoreThread(state);
    return result == 0;
}

PyObject* nothing() {
    if (PyErr_Occurred()) return nullptr;
    Py_RETURN_NONE;
}

bool has_number(Py_ssize_t given, Py_ssize_t expected) {
    if (given != expected) PyErr_Format(PyExc_TypeError, "%zd arguments, got %zd", expected, given);
    return given == expected;
}

// plan, flat, lengths, resets, batch_sizes, threads, instruction_set, save -> output, last, saved
PyObject* forward(PyObject*, PyObject* const* given, Py_ssize_t count) {
    if (!has_number(count, 8)) return nullptr;
    const Plan* plan = plan_of(given[0]);
    if (!plan) return nullptr;
    Reading reading(*plan);
    if (!read_call(reading, given)) return nothing();
    Call& call = reading.call;
    int64_t shape[max_dims];
    DLTensor memory;
    int dims = rows_of(reading, call.directions * call.P, shape);
    Object output = make(reading, shape, dims, Py_None, memory);
    if (!output) return nullptr;
    call.output = address(memory);

    Object last(PyTuple_New(plan->fields));
    if (!last) return nullptr;
    for (int i = 0; i < plan->fields; i++) {
        const DLTensor& state = reading.tensor[plan->tensors() - plan->fields + i];
        Object field = make(reading, state.shape, state.ndim, Py_None, memory);
        if (!field) return nullptr;
        enter(call, plan->field[i].first, state);
        enter(call, plan->field[i].last, memory);
        PyTuple_SetItem(last.get(), i, field.release());
    }
    const int saves = PyObject_IsTrue(given[7]) ? plan->saved : 0;
    Object saved(PyList_New(saves * call.directions));
    if (!saved) return nullptr;
    for (int k = 0; k < call.directions; k++) {
        for (int n = 0; n < saves; n++) {
            dims = rows_of(reading, plan->saved_width(call, n), shape);
            Object made = make(reading, shape, dims, plan->saved_options.get(), memory);
            if (!made) return nullptr;
            pointer_at(call.direction[k], plan->saved_place[n]) = address(memory);
            PyList_SetItem(saved.get(), k * saves + n, made.release());
        }
    }
    if (!compute(reading, false)) return nothing();
    return PyTuple_Pack(3, output.get(), last.get(), saved.get());
}

// A gradient with the strides that a pass takes: any but that of the last dimension, or none.
Object with_strides(const Plan& plan, PyObject* gradient, bool contiguous, DLTensor& tensor) {
    if (!read(plan, gradient, plan.dtype, tensor) || tensor.ndim == 0) return nullptr;
    if (contiguous ? is_contiguous(tensor) : tensor.strides[tensor.ndim - 1] == 1) return another(gradient);
    Object copied(PyObject_CallMethod(gradient, "contiguous", nullptr));
    return copied && read(plan, copied.get(), plan.dtype, tensor) ? std::move(copied) : nullptr;
}

// plan, flat, lengths, resets, batch_sizes, threads, instruction_set, output, saved, gradients, needs_grad
// -> gradients as in flat, None where they are not needed
PyObject* backward(PyObject*, PyObject* const* given, Py_ssize_t count) {
    if (!has_number(count, 11)) return nullptr;
    const Plan* plan = plan_of(given[0]);
    if (!plan) return nullptr;
    PyObject *output = given[7], *saved = given[8], *gradients = given[9], *needs_grad = given[10];
    for (PyObject* tuple : {saved, gradients, needs_grad})
        if (!PyTuple_Check(tuple)) Py_RETURN_NONE;
    Reading reading(*plan);
    if (!read_call(reading, given)) return nothing();
    Call& call = reading.call;
    const int directions = call.directions, tensors = plan->tensors(), first_field = tensors - plan->fields;
    if (PyTuple_Size(saved) != directions * plan->saved || PyTuple_Size(gradients) != 1 + plan->fields
        || PyTuple_Size(needs_grad) != tensors)
        Py_RETURN_NONE;

    const auto is_as_output = [&](const DLTensor& tensor, int64_t width) {
        int64_t shape[max_dims];
        const int dims = rows_of(reading, width, shape);
        return tensor.ndim == dims && std::equal(shape, shape + dims, tensor.shape);
    };
    DLTensor memory;
    if (!read(*plan, output, plan->dtype, memory) || !is_contiguous(memory)
        || !is_as_output(memory, directions * call.P))
        return nothing();
    call.output = address(memory);
    for (int k = 0; k < directions; k++) {
        for (int n = 0; n < plan->saved; n++) {
            PyObject* some = PyTuple_GetItem(saved, k * plan->saved + n);
            if (!read(*plan, some, plan->saved_dtype, memory) || !is_contiguous(memory)
                || !is_as_output(memory, plan->saved_width(call, n)))
                return nothing();
            pointer_at(call.direction[k], plan->saved_place[n]) = address(memory);
        }
    }

    Object kept[1 + max_fields];  // gradients that were copied
    if (PyObject* d_output = PyTuple_GetItem(gradients, 0); d_output != Py_None) {
        kept[0] = with_strides(*plan, d_output, false, memory);
        if (!kept[0] || !is_as_output(memory, directions * call.P)) return nothing();
        call.d_output = address(memory);
        call.d_output_time = memory.ndim == 3 ? memory.strides[0] : 0;
        call.d_output_batch = memory.strides[memory.ndim - 2];
    }
    for (int i = 0; i < plan->fields; i++) {
        const DLTensor& state = reading.tensor[first_field + i];
        enter(call, plan->field[i].first, state);
        PyObject* d_last = PyTuple_GetItem(gradients, 1 + i);
        if (d_last == Py_None) continue;
        kept[1 + i] = with_strides(*plan, d_last, true, memory);
        if (!kept[1 + i] || memory.ndim != state.ndim
            || !std::equal(state.shape, state.shape + state.ndim, memory.shape))
            return nothing();
        enter(call, plan->field[i].d_last, memory);
    }

    make_room(reading, needs_grad);
    Object results(PyTuple_New(tensors)), second_d_x;
    if (!results) return nullptr;
    for (int i = 0; i < tensors; i++) {
        const int is_needed = PyObject_IsTrue(PyTuple_GetItem(needs_grad, i));
        if (is_needed < 0) return nullptr;
        const DLTensor& tensor = reading.tensor[i];
        Object made;
        if (is_needed) {
            made = make(reading, tensor.shape, tensor.ndim, Py_None, memory);
            if (!made) return nullptr;
            if (i == 0) {
                pointer_at(call.direction[0], plan->d_x) = address(memory);
            } else if (i < first_field) {
                const int k = (i - 1) / plan->weights;
                const Weight& weight = plan->weight[(i - 1) % plan->weights];
                pointer_at(call.direction[k], weight.gradient) = address(memory);
            } else {
                enter(call, plan->field[i - first_field].d_first, memory);
            }
        }
        // Both directions work at the same time, so each needs its own memory.
        if (i == 0 && is_needed && directions == 2) {
            if (call.is_bfloat16) Py_RETURN_NONE;  // their sum is rounded, see backend.py
            second_d_x = make(reading, tensor.shape, tensor.ndim, Py_None, memory);
            if (!second_d_x) return nullptr;
            pointer_at(call.direction[1], plan->d_x) = address(memory);
        }
        PyTuple_SetItem(results.get(), i, made ? made.release() : Py_NewRef(Py_None));
    }
    if (!compute(reading, true)) return nothing();
    if (second_d_x) {
        PyObject* first = PyTuple_GetItem(results.get(), 0);
        Object sum(PyObject_CallMethod(first, "add_", "O", second_d_x.get()));
        if (!sum) return nullptr;
    }
    return results.release();
}

PyMethodDef methods[] = {
    {"plan", make_plan, METH_VARARGS, nullptr},
    {"forward", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(forward)), METH_FASTCALL, nullptr},
    {"backward", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(backward)), METH_FASTCALL,
     nullptr},
    {},
};

int add_digest(PyObject* module) {
    return PyModule_AddStringConstant(module, "digest", SOURCES_DIGEST);
}
PyModuleDef_Slot slots[] = {{Py_mod_exec, reinterpret_cast<void*>(add_digest)}, {}};
PyModuleDef definition = {PyModuleDef_HEAD_INIT, "lstm_variants_module", nullptr, 0, methods, slots,
                          nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit_lstm_variants_module() { return PyModuleDef_Init(&definition); }
