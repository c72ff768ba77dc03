/**
 * {@code doctor}: looks at everything between clients and coordinators and names what is wrong.
 * {@link io.impalabalancer.cli.doctor.Examination} gathers what is so, {@link
 * io.impalabalancer.cli.doctor.Diagnosis} judges it, {@link io.impalabalancer.cli.doctor.Finding}
 * says what is wrong and what to change.
 */
@NullMarked
package io.impalabalancer.cli.doctor;

import org.jspecify.annotations.NullMarked;
