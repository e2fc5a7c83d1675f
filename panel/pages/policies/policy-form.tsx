import { Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { useForm, type UseFormReturnType } from '@mantine/form';
import { Link } from 'react-router';
import { useMe } from '../../client/me.ts';
import { useUsers } from '../../client/users.ts';
import type { Policy } from '../../client/policies.ts';
import type { ProblemError } from '../../client/problem-error.ts';
import { ProblemAlert } from '../../parts/problem-alert.tsx';
import { EncryptionFields } from './encryption-fields.tsx';
import { fieldErrorsOf, missingIn, type PolicyValues } from './policy-values.ts';
import { PitrFields } from './pitr-fields.tsx';
import { RetentionFields } from './retention-fields.tsx';
import { ScheduleFields } from './schedule-fields.tsx';
import { Section } from '../../parts/section.tsx';
import { StoreFields } from './store-fields.tsx';

export type PolicyForm = UseFormReturnType<PolicyValues>;

interface PolicyFormProps {
  readonly initialValues: PolicyValues;
  /** What is edited; undefined for a new one. */
  readonly shown?: Policy;
  readonly saving: {
    readonly isPending: boolean;
    readonly error: ProblemError | null;
    /** `onError` is told what the API refused. */
    save(values: PolicyValues, onError: (error: ProblemError) => void): void;
  };
  readonly action: string;
  readonly cancelTo: string;
  /** Beneath the error, where there is more to do about it than to read it. */
  readonly remedy?: React.ReactNode;
}

export function PolicyFields({ initialValues, shown, saving, action, cancelTo, remedy }: PolicyFormProps) {
  const form = useForm<PolicyValues>({ initialValues, validate: (values) => missingIn(values, shown === undefined) });
  const complain = (errors: Record<string, React.ReactNode>): void => {
    form.setErrors(errors);
    const [first] = Object.keys(errors);
    if (first !== undefined) form.getInputNode(first)?.focus();
  };
  return (
    <form noValidate onSubmit={form.onSubmit((values) => saving.save(values, (error) => complain(fieldErrorsOf(error))), complain)}>
      <Stack gap="lg" maw={900}>
        <GeneralFields form={form} isNew={shown === undefined} />
        <StoreFields form={form} shown={shown} complain={complain} />
        <ScheduleFields form={form} />
        <PitrFields form={form} />
        <RetentionFields form={form} />
        <EncryptionFields form={form} shown={shown} />
        <ProblemAlert error={saving.error} />
        {remedy}
        <Group>
          <Button type="submit" loading={saving.isPending}>
            {action}
          </Button>
          <Button variant="default" component={Link} to={cancelTo}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function GeneralFields({ form, isNew }: { readonly form: PolicyForm; readonly isNew: boolean }) {
  const me = useMe();
  return (
    <Section title="General">
      {isNew && me.role === 'admin' && <OwnerField form={form} />}
      <TextInput
        label="Name"
        description="By which you find it again, such as nightly."
        maw={480}
        autoComplete="off"
        {...form.getInputProps('name')}
      />
    </Section>
  );
}

function OwnerField({ form }: { readonly form: PolicyForm }) {
  const me = useMe();
  const owners = useUsers();
  const data = (owners.data ?? []).filter(({ disabledAt }) => disabledAt === null);
  return (
    <>
      <Select
        label="Owner"
        description="Whose policy it will be: only databases of the same owner can be attached."
        maw={480}
        searchable
        allowDeselect={false}
        data={data.map(({ id, name, email }) => ({ value: id, label: `${name} (${email})` }))}
        {...form.getInputProps('ownerId')}
        value={form.values.ownerId === '' ? me.id : form.values.ownerId}
      />
      <ProblemAlert error={owners.error} />
    </>
  );
}
