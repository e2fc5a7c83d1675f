import { NumberInput, Radio, Select, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { type EngineName, engineNames } from '#domain/states.ts';
import { useServers } from '../../client/databases.ts';
import { useMe } from '../../client/me.ts';
import { useUsers } from '../../client/users.ts';
import { engineLabels } from '../../parts/engine.tsx';
import { noLoginKey } from './login-key.ts';
import type { NewDatabaseForm } from './add-database.tsx';
import { usualPorts } from './new-database-values.ts';

export function ServerStep({ form }: { readonly form: NewDatabaseForm }) {
  const { engine } = form.values;
  const chooseEngine = (value: string | null): void => {
    form.setFieldValue('engine', engineNames.find((name) => name === value) ?? engine);
    form.setFieldValue('primaryId', null);
  };
  return (
    <>
      <OwnerChoice form={form} />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput label="Name" description="As you call it. It is asked for before data is overwritten." {...form.getInputProps('name')} />
        <Select
          label="Engine"
          description="What serves the data."
          data={engineNames.map((value) => ({ value, label: engineLabels[value] }))}
          value={engine}
          onChange={chooseEngine}
          allowDeselect={false}
          error={form.errors['engine']}
        />
        <TextInput label="Host name or address" description="As Tidemark's worker reaches it." {...form.getInputProps('host')} />
        <NumberInput
          label="Port of the server"
          description={`Of the database, not of SSH. ${usualPorts[engine]} when left empty.`}
          placeholder={String(usualPorts[engine])}
          allowDecimal={false}
          hideControls
          {...form.getInputProps('port')}
        />
        <TextInput label="SSH user" description="As whom Tidemark logs in. It needs sudo." {...form.getInputProps('sshUser')} />
        <NumberInput
          label="SSH port"
          description="Of sshd on the host."
          allowDecimal={false}
          hideControls
          {...form.getInputProps('sshPort')}
        />
      </SimpleGrid>
      <Radio.Group label="Role" {...form.getInputProps('role')}>
        <Stack gap="xs" mt="xs">
          <Radio value="primary" label="Primary" description="It takes the writes. Backups, policies and restores are about it." />
          <Radio
            value="replica"
            label="Replica of a primary that Tidemark knows"
            description="Backups are read from it while it follows."
          />
        </Stack>
      </Radio.Group>
      {form.values.role === 'replica' && <PrimaryChoice form={form} engine={engine} />}
    </>
  );
}

function OwnerChoice({ form }: { readonly form: NewDatabaseForm }) {
  const me = useMe();
  const { data: owners = [] } = useUsers();
  if (me.role !== 'admin') return null;
  const choose = (value: string | null): void => {
    if (value === null || value === form.values.ownerId) return;
    // a primary and a pair of keys belong to one user
    form.setValues({ ownerId: value, primaryId: null, login: { ...noLoginKey, privateKey: form.values.login.privateKey } });
  };
  return (
    <Select
      label="For which user"
      data={owners.map(({ id, name, email }) => ({ value: id, label: id === me.id ? `You (${email})` : `${name} (${email})` }))}
      value={form.values.ownerId}
      onChange={choose}
      allowDeselect={false}
      searchable
      error={form.errors['ownerId']}
    />
  );
}

function PrimaryChoice({ form, engine }: { readonly form: NewDatabaseForm; readonly engine: EngineName }) {
  const { data, isSuccess } = useServers({ ownerId: form.values.ownerId, engine });
  const primaries = (data ?? []).filter(({ role }) => role === 'primary');
  return (
    <Select
      label="Its primary"
      description={isSuccess && primaries.length === 0 ? `There is no primary with ${engineLabels[engine]} yet: add it first.` : undefined}
      data={primaries.map(({ id, name, host, port }) => ({ value: id, label: `${name} (${host}:${port})` }))}
      searchable
      {...form.getInputProps('primaryId')}
    />
  );
}
