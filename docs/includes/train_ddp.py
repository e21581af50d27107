"""Trains one network on several devices."""

import os

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

import lstm_variants as lv

cross_entropy = torch.nn.functional.binary_cross_entropy_with_logits


class Tagger(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.recurrent = lv.nn.PeepholeLSTM(16, 32, batch_first=True)
        self.out = torch.nn.Linear(32, 1)

    def forward(self, x, lengths):
        output, _ = self.recurrent(x, lengths=lengths)
        return self.out(output).squeeze(-1)


def examples(number=256, T=50):
    """Sequences of 1 to T steps: is the sum of inputs so far positive?"""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(number, T, 16, generator=generator)
    lengths = torch.randint(1, T + 1, (number,), generator=generator)
    return TensorDataset(x, lengths, (x.sum(-1).cumsum(1) > 0).float())


def main():
    device = torch.device("cpu")
    if torch.cuda.is_available():  # one GPU for each process
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    rank = dist.get_rank()

    torch.manual_seed(0)
    model = DistributedDataParallel(Tagger().to(device))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    data = examples()
    sampler = DistributedSampler(data)
    for epoch in range(3):
        sampler.set_epoch(epoch)
        for batch in DataLoader(data, batch_size=32, sampler=sampler):
            x, lengths, y = (tensor.to(device) for tensor in batch)
            logits = model(x, lengths)
            steps = torch.arange(x.shape[1], device=device)
            valid = steps < lengths[:, None]
            loss = cross_entropy(logits[valid], y[valid])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        last = loss.detach()
        dist.all_reduce(last)  # the sum over all processes
        if rank == 0:
            mean = last.item() / dist.get_world_size()
            print(f"epoch {epoch}: last loss {mean:.3f}")

    if rank == 0:
        torch.save(model.module.state_dict(), "tagger.pt")
    dist.barrier()  # all have finished
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
