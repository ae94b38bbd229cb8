/**
 * Objects in {@code application/vnd.kubernetes.protobuf}, the form in which kubectl and the typed
 * clients of Go send built-in kinds. Start at {@link
 * dev.nacelle.apiserver.protobuf.ProtobufReader}.
 */
@NullMarked
package dev.nacelle.apiserver.protobuf;

import org.jspecify.annotations.NullMarked;
