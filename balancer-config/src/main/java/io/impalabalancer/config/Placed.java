package io.impalabalancer.config;

/** Something that was read, with the place where it stands; the records themselves have none. */
record Placed<T>(T value, Place place) {}
