package dev.nacelle.api.kinds.discovery;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/** What EndpointSlices do beyond their schema. */
final class EndpointSliceHooks implements KindHooks {
  private static final int MAX_ENDPOINTS = 1000;
  private static final int MAX_ADDRESSES = 100;
  private static final int MAX_PORTS = 20000;

  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    return Edit.of(object)
        .absent("endpoints", JsonArray.EMPTY)
        .each(
            "ports",
            port -> Edit.of(port).text("protocol", "TCP").absent("name", Json.of("")).done())
        .done();
  }

  @Override
  public KubeObject prepareForCreate(Context context, KubeObject object) {
    return KindHooks.withGeneration(object, 1);
  }

  @Override
  public KubeObject prepareForUpdate(Context context, KubeObject object, KubeObject old) {
    boolean same =
        object.json().without("metadata").equals(old.json().without("metadata"))
            && object.labels().equals(old.labels());
    return KindHooks.withGeneration(object, same ? old.generation() : old.generation() + 1);
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    Check slice = Check.of(object.json(), "", errors);
    slice.oneOf("addressType", "IPv4", "IPv6", "FQDN");
    String type = slice.text("addressType");
    if (object.json().array("endpoints").size() > MAX_ENDPOINTS) {
      errors.add(
          FieldError.tooMany("endpoints", object.json().array("endpoints").size(), MAX_ENDPOINTS));
    }
    if (object.json().array("ports").size() > MAX_PORTS) {
      errors.add(FieldError.tooMany("ports", object.json().array("ports").size(), MAX_PORTS));
    }
    slice.each("endpoints", (item, at) -> endpoint(Check.of(item, at, errors), type));
    ports(slice);
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<>(validateCreate(context, object));
    Check.of(object.json(), "", errors).immutable("addressType", old.json());
    return errors;
  }

  @Override
  public List<String> warnings(Context context, KubeObject object, Optional<KubeObject> old) {
    return object.json().string("addressType").orElse("").equals("FQDN")
        ? List.of("addressType: FQDN endpoints are deprecated")
        : List.of();
  }

  @Override
  public OnMissing onUpdateOfMissing() {
    return OnMissing.CREATE;
  }

  private static void endpoint(Check endpoint, String type) {
    int addresses = endpoint.object().array("addresses").size();
    if (addresses == 0) {
      endpoint.required("addresses", "must contain at least 1 address");
    } else if (addresses > MAX_ADDRESSES) {
      endpoint.errors().add(FieldError.tooMany(endpoint.at("addresses"), addresses, MAX_ADDRESSES));
    }
    endpoint.eachText("addresses", address -> addressFaults(address, type));
    endpoint.matches("hostname", Formats::dnsLabel).matches("nodeName", Formats::dnsSubdomain);
  }

  private static List<String> addressFaults(String address, String type) {
    return switch (type) {
      case "IPv4" -> Formats.isIpv4(address) ? List.of() : List.of("must be an IPv4 address");
      case "IPv6" -> Formats.isIpv6(address) ? List.of() : List.of("must be an IPv6 address");
      case "FQDN" -> Formats.dnsSubdomain(address);
      default -> List.of();
    };
  }

  private static void ports(Check slice) {
    var names = new HashSet<String>();
    slice.each(
        "ports",
        (item, at) -> {
          Check port = Check.of(item, at, slice.errors());
          port.matches("name", Formats::dnsLabel).oneOf("protocol", "TCP", "UDP", "SCTP");
          if (port.has("port")) {
            port.port("port");
          }
          if (!names.add(port.text("name"))) {
            slice.errors().add(FieldError.duplicate(at + ".name", Json.of(port.text("name"))));
          }
        });
  }
}
