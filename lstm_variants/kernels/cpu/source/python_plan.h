// What calls of one configuration have in common, as python_module.cpp keeps it for plan.py.
#pragma once

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <cstring>
#include <iterator>
#include <memory>
#include <string>

#include "call.h"
#include "dlpack.h"

struct Release {
    void operator()(PyObject* object) const { Py_DECREF(object); }
};
using Object = std::unique_ptr<PyObject, Release>;

inline Object another(PyObject* object) { return Object(Py_NewRef(object)); }

constexpr int max_directions = 2, max_dims = 3, max_weights = 8, max_fields = 8, max_saved = 2;
constexpr int max_tensors = 1 + max_directions * max_weights + max_fields;

// The tensors of a direction as an array, in the order of their names.
const char* const direction_names[] = {
#define NAME(name) #name,
    DIRECTION_FIELDS(NAME, NAME)
#undef NAME
};
static_assert(sizeof(Direction) == sizeof(void*) * std::size(direction_names), "only pointers");
using Place = size_t;
inline void*& pointer_at(Direction& direction, Place place) {
    return reinterpret_cast<void**>(&direction)[place];
}

// Where the tensor of that name is; an error of Python if there is none.
inline bool find(const std::string& name, Place& place) {
    for (place = 0; place < std::size(direction_names); place++)
        if (name == direction_names[place]) return true;
    PyErr_Format(PyExc_KeyError, "a direction has no tensor %s", name.c_str());
    return false;
}

// A multiple of one of the sizes of a call: 'D', 'H', 'P', or '1'.
struct Extent {
    int64_t multiple;
    char size;

    int64_t in(const Call& call) const {
        return multiple * (size == 'D' ? call.D : size == 'H' ? call.H : size == 'P' ? call.P : 1);
    }
};

struct Weight {
    Place place, gradient;
    int dims;
    Extent extents[max_dims];
};
struct Field {
    Place first, last, d_first, d_last;
};

// What calls of one configuration have in common. Nothing of it changes.
struct Plan {
    const DLPackExchangeAPI* api;
    int (*run)(const Call*, int instruction_set, int backward);
    Call fixed;  // cell, dtype and directions
    DLDataType dtype, saved_dtype;
    int weights, fields, saved, projection = -1;
    Weight weight[max_weights];
    Field field[max_fields];
    Place saved_place[max_saved], d_x;
    Object saved_options, new_empty;  // `dtype=` of what is saved, and the name of the method

    int tensors() const { return 1 + fixed.directions * weights + fields; }
    int64_t vector() const { return 512 / saved_dtype.bits; }
    int64_t saved_width(const Call& call, int n) const {
        return n == 0 ? call.cell.slots * call.padded + vector() : call.cell.cell_states * call.padded;
    }
};
constexpr const char* plan_name = "lstm_variants_plan";

inline const Plan* plan_of(PyObject* capsule) {
    return static_cast<const Plan*>(PyCapsule_GetPointer(capsule, plan_name));
}

inline void delete_plan(PyObject* capsule) { delete plan_of(capsule); }

// Reads the weights of a direction: a tuple of (name, ((multiple, size), ...)).
inline bool read_weights(Plan& plan, PyObject* tuple) {
    plan.weights = static_cast<int>(PyTuple_Size(tuple));
    if (plan.weights > max_weights) PyErr_SetString(PyExc_ValueError, "too many weights");
    for (int i = 0; i < plan.weights && !PyErr_Occurred(); i++) {
        Weight& weight = plan.weight[i];
        const char* name;
        PyObject* extents;
        if (!PyArg_ParseTuple(PyTuple_GetItem(tuple, i), "sO!", &name, &PyTuple_Type, &extents)) return false;
        weight.dims = static_cast<int>(PyTuple_Size(extents));
        if (weight.dims > max_dims) PyErr_SetString(PyExc_ValueError, "too many dimensions");
        for (int d = 0; d < weight.dims && !PyErr_Occurred(); d++) {
            long long multiple;
            int size;
            if (!PyArg_ParseTuple(PyTuple_GetItem(extents, d), "LC", &multiple, &size)) return false;
            weight.extents[d] = {multiple, static_cast<char>(size)};
        }
        if (PyErr_Occurred() || !find(name, weight.place)
            || !find(std::string("d_") + name, weight.gradient))
            return false;
        if (!std::strcmp(name, "weight_hr")) plan.projection = i;
    }
    return !PyErr_Occurred();
}

// Reads names: of the fields of a state, and of what is saved.
inline bool read_names(Plan& plan, PyObject* fields, PyObject* saved) {
    plan.fields = static_cast<int>(PyTuple_Size(fields));
    plan.saved = static_cast<int>(PyTuple_Size(saved));
    if (plan.fields < 1 || plan.fields > max_fields || plan.saved < 1 || plan.saved > max_saved) {
        PyErr_SetString(PyExc_ValueError, "too many or too few names");
        return false;
    }
    const auto name_of = [](PyObject* tuple, int i) -> std::string {
        const char* text = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(tuple, i), nullptr);
        return text ? text : "";
    };
    for (int i = 0; i < plan.fields; i++) {
        const std::string name = name_of(fields, i);
        Field& field = plan.field[i];
        if (PyErr_Occurred() || !find(name + "_0", field.first) || !find(name + "_n", field.last)
            || !find("d_" + name + "_0", field.d_first) || !find("d_" + name + "_n", field.d_last))
            return false;
    }
    for (int i = 0; i < plan.saved; i++) {
        const std::string name = name_of(saved, i);
        if (PyErr_Occurred() || !find(name, plan.saved_place[i])) return false;
    }
    return find("d_x", plan.d_x);
}

inline PyObject* make_plan(PyObject*, PyObject* arguments) {
    PyObject *api, *weights, *fields, *saved, *saved_options;
    unsigned long long run;
    const char* fixed;
    Py_ssize_t size;
    auto plan = std::make_unique<Plan>();
    if (!PyArg_ParseTuple(arguments, "OKy#O!O!O!O", &api, &run, &fixed, &size, &PyTuple_Type, &weights,
                          &PyTuple_Type, &fields, &PyTuple_Type, &saved, &saved_options))
        return nullptr;
    plan->api = static_cast<const DLPackExchangeAPI*>(PyCapsule_GetPointer(api, dl_exchange_api_name));
    if (!plan->api) return nullptr;
    if (plan->api->major != 1 || !plan->api->tensor_of_object) {
        PyErr_SetString(PyExc_ValueError, "another version of DLPack than 1");
        return nullptr;
    }
    if (size != sizeof(Call)) {
        PyErr_SetString(PyExc_ValueError, "the fields of a call do not fit this module");
        return nullptr;
    }
    std::memcpy(&plan->fixed, fixed, sizeof(Call));
    plan->run = reinterpret_cast<decltype(plan->run)>(static_cast<uintptr_t>(run));
    const Call& call = plan->fixed;
    const uint8_t bits = call.is_double ? 64 : 32;
    plan->saved_dtype = {dl_float, bits, 1};
    plan->dtype = call.is_bfloat16 ? DLDataType{dl_bfloat, 16, 1} : plan->saved_dtype;
    if (!read_weights(*plan, weights) || !read_names(*plan, fields, saved)) return nullptr;
    plan->saved_options = another(saved_options);
    plan->new_empty.reset(PyUnicode_InternFromString("new_empty"));
    if (!plan->new_empty) return nullptr;
    PyObject* capsule = PyCapsule_New(plan.get(), plan_name, delete_plan);
    if (capsule) plan.release();
    return capsule;
}
