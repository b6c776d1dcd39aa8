// table
// Authentication: the only calls before a connection is authenticated.
// Declarations only; usable from any thread.
#pragma once
#include "protocol/references.h"

namespace virtue::proc {

/// The ways in, always one. Asking has an effect: a root peer on a polkit socket is authenticated by it and told
/// `none`.
struct AuthList : Procedure<66, Program::remote> {
    static constexpr std::string_view since = "0.4.0";
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        List<AuthType, auth_type_list_max> types;
        WIRE(types)
    };
};

/// The mechanisms offered, separated by commas.
struct AuthSaslInit : Procedure<67, Program::remote> {
    static constexpr std::string_view since = "0.4.0";
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        std::string mechlist;
        WIRE(mechlist)
    };
};

/// First step of SASL. `nil` = 1 means no data, as opposed to empty data.
struct AuthSaslStart : Procedure<68, Program::remote> {
    static constexpr std::string_view since = "0.4.0";
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        std::string mech;
        int32_t nil = 0;
        CharList<auth_sasl_data_max> data;
        WIRE(mech, nil, data)
    };
    struct Ret {
        int32_t complete = 0;
        int32_t nil = 0;
        CharList<auth_sasl_data_max> data;
        WIRE(complete, nil, data)
    };
};

/// Further steps of SASL, until `complete`.
struct AuthSaslStep : Procedure<69, Program::remote> {
    static constexpr std::string_view since = "0.4.0";
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Args {
        int32_t nil = 0;
        CharList<auth_sasl_data_max> data;
        WIRE(nil, data)
    };
    struct Ret {
        int32_t complete = 0;
        int32_t nil = 0;
        CharList<auth_sasl_data_max> data;
        WIRE(complete, nil, data)
    };
};

/// Asks polkit about the peer process; `complete` is 1 or it fails.
struct AuthPolkit : Procedure<70, Program::remote> {
    static constexpr std::string_view since = "0.4.0";
    static constexpr bool read_only_allowed = true;
    static constexpr Priority priority = Priority::high;
    struct Ret {
        int32_t complete = 0;
        WIRE(complete)
    };
};

/// Every procedure of this file, for the registry.
using AuthProcedures = Procedures<AuthList, AuthSaslInit, AuthSaslStart, AuthSaslStep, AuthPolkit>;

}  // namespace virtue::proc
